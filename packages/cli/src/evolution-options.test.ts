import { expect, it, vi } from 'vitest';
import { addEvolutionOptions, evolutionSettings, watchEvolution } from './evolution-options.js';
import { createProgram } from './program.js';

const defaults = {
  ...{ trainables: ['namm', 'linear'], trainable: 'namm', updateInterval: 64, population: 12 },
  ...{ generations: 40, sigma: 0.05, sizePressure: 0, validateEvery: 4 },
  normaliser: 'shared',
} as const;

function read(...args: string[]) {
  const program = addEvolutionOptions(createProgram('test', 'Test.'), defaults);
  program.configureOutput({ writeErr: () => {} });
  return program.parse(['--out', 'run', ...args], { from: 'user' }).opts();
}

it("takes each command's own defaults, and reads what is given", () => {
  const { trainables: _, ...own } = defaults;
  expect(read()).toMatchObject({ ...own, out: 'run', seed: 1, workers: 1, keys: [], pooling: 0 });
  expect(evolutionSettings(read())).toEqual({
    ...{ folder: 'run', start: null, populationSize: 12, sigma: 0.05, seed: 1, workers: 1 },
    trainable: { name: 'namm', updateInterval: 64, keys: [], pooling: 0, headBias: false },
  });
  const given = [
    '--trainable',
    'linear',
    '--keys',
    'norm',
    '--head-bias',
    '--start',
    'a.safetensors',
  ];
  expect(evolutionSettings(read(...given, '--bias-shift', '0.5'))).toMatchObject({
    trainable: { name: 'linear', keys: ['norm'], headBias: true },
    start: { file: 'a.safetensors', biasShift: 0.5 },
  });
});

it('refuses names that are none', () => {
  expect(() => read('--trainable', 'magic')).toThrow(/magic/);
  expect(() => read('--keys', 'magic')).toThrow(/magic/);
  expect(() => read('--normaliser', 'magic')).toThrow(/magic/);
});

it('tells of each generation and of the end, and stops at the time limit', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await watchEvolution<number>(
      'test',
      { out: 'run', timeLimit: 1e-4 },
      {
        describe: (generation) => `generation ${generation}`,
        advice: 'more prompts may help',
        async run({ signal, onGeneration, provenance }) {
          onGeneration(1);
          expect(provenance.command).toMatch(/^test/);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return { isComplete: false, best: { generation: 1, shortfall: 0.5 } };
        },
      },
    );
    expect(log.mock.calls.flat()).toEqual([
      ...['generation 1', 'stopped; run the same command again to resume'],
      ...['best mean: generation 1, in run', 'more prompts may help'],
    ]);
  } finally {
    log.mockRestore();
  }
});
