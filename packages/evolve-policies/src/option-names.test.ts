import { expectUnknownOption } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { evolveOnTexts, evolvePolicy, keyNormPolicy, moveNamm, tuneTaught } from './index.js';
import { taughtEvaluator } from './taught/taught-evaluator.js';
import { textEvaluator } from './text/text-evaluator.js';
import { checkTextSettings, type TextEvolutionSettings } from './text/text-evolution-settings.js';
import { trainableSettings } from './trainables/trainable-settings.js';

const settings: TextEvolutionSettings = {
  model: { folder: 'model', ropeScaling: { factor: 1 } },
  trainable: trainableSettings('linear', 64),
  stages: [{ tasks: ['votes'], length: 128, generations: 1, promptsPerTask: 1 }],
  ...{ populationSize: 4, sigma: 0.1, seed: 1, prompts: 'made up' },
  fitness: { kind: 'score', sizePressure: 0, floor: { policies: ['keydiff'], shares: [0.5] } },
  normaliser: { scope: 'shared', promptsPerTask: 1 },
  validation: { every: 1, promptsPerTask: 1 },
  start: { checkpoint: 'there', parameters: [], biasShift: 0 },
};
const wrong = { unknwon: 1 };
const withWrong = (name: keyof TextEvolutionSettings) => () =>
  checkTextSettings({ ...settings, [name]: { ...(settings[name] as object), ...wrong } });

/** Every public options object: what takes it, given one with a name that it does not know. */
const calls: Readonly<Record<string, () => unknown>> = {
  evolvePolicy: () => evolvePolicy({ settings, ...wrong } as never),
  evolveOnTexts: () => evolveOnTexts({ model: settings.model, ...wrong } as never),
  tuneTaught: () => tuneTaught({ model: settings.model, ...wrong } as never),
  taughtEvaluator: () => taughtEvaluator({} as never, wrong as never),
  moveNamm: () => moveNamm({ model: settings.model, ...wrong } as never),
  textEvaluator: () => textEvaluator(settings, wrong as never),
  trainableSettings: () => trainableSettings('linear', 64, wrong as never),
  keyNormPolicy: () => keyNormPolicy({ weights: [0, 0, 0], updateInterval: 64, ...wrong } as never),
  settings: () => checkTextSettings({ ...settings, ...wrong } as never),
  model: withWrong('model'),
  ropeScaling: () =>
    checkTextSettings({
      ...settings,
      model: { folder: 'model', ropeScaling: { factor: 1, ...wrong } },
    }),
  stages: () => checkTextSettings({ ...settings, stages: [{ ...settings.stages[0]!, ...wrong }] }),
  fitness: withWrong('fitness'),
  floor: () =>
    checkTextSettings({
      ...settings,
      fitness: { ...settings.fitness, floor: { ...settings.fitness.floor!, ...wrong } },
    }),
  normaliser: withWrong('normaliser'),
  validation: withWrong('validation'),
  start: withWrong('start'),
};

describe('options that nobody would read are refused by name', () => {
  it('takes the settings as they are', () => {
    expect(() => checkTextSettings(settings)).not.toThrow();
  });

  it.each(Object.entries(calls))('%s', async (_, call) => {
    await expectUnknownOption(call);
  });
});
