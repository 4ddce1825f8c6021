import { basename } from 'node:path';
import type { Found, Presentation, Problem } from '@namm/evolve';
import { tensorsOf } from '../trainables/normaliser-tensors.js';
import { savePolicy } from '../trainables/save-policy.js';
import { startMean, startNormaliser } from '../trainables/start.js';
import { titleOf } from '../trainables/title-of.js';
import {
  baselinesOf,
  type FitnessKind,
  type FitnessSettings,
  fitnessOf,
  floorOf,
} from './fitness.js';
import type { PromptSource } from './prompt-source.js';
import { promptsOf } from './prompts-of.js';
import type { MeasureRequest, TextUnit } from './text-assessor.js';
import {
  checkTextSettings,
  type TextEvolutionSettings,
  type TextStage,
} from './text-evolution-settings.js';
import { isTextScore, type TextScore } from './text-score.js';

/** Evolving an eviction policy that answers questions about long prompts with a small cache. */
export type TextProblem = Problem<TextUnit, TextScore, TextStage, MeasureRequest>;

/**
 * The problem of evolving an eviction policy on the task families, for `evolve`. Its units are prompts, its
 * baseline is the full cache.
 *
 * @param prompts source of the prompts; the settings' `prompts` identifies it
 * @param provenance facts for the checkpoints
 * @throws {InvalidArgumentError} for an invalid setting, or a start that does not match what is evolved
 */
export function textProblem(
  settings: TextEvolutionSettings,
  prompts: PromptSource,
  provenance: Readonly<Record<string, unknown>> = {},
): TextProblem {
  checkTextSettings(settings);
  const { model, trainable, stages, fitness, normaliser, validation, start, seed } = settings;
  const isShared = settings.reading === 'shared';
  const mean = startMean(trainable, start);
  return {
    title: `${titleOf(trainable)} on ${basename(model.folder)}`,
    settings: {
      ...{ model, trainable, normaliser, start, prompts: settings.prompts },
      fitness: { ...fitness, floor: floorOf(fitness) },
      ...(isShared && { reading: 'shared' }), // a run from before there was a choice goes on
      validationPromptsPerTask: validation.promptsPerTask,
    },
    stages,
    baselines: baselinesOf(fitness),
    start: () => mean.slice(),
    async prepare(evaluator) {
      const { scope, promptsPerTask: count } = normaliser;
      if (scope === 'start') return tensorsOf(startNormaliser(trainable, start!));
      const measured = promptsOf(prompts, stages[0]!, 'train', { seed, from: 0, count });
      return evaluator.prepare({ prompts: measured, scope });
    },
    trainingUnits(stage, place) {
      const { promptsPerTask: count } = stage;
      const from = place.generation * count;
      const units = promptsOf(prompts, stage, 'train', { seed: place.seed, from, count });
      return isShared ? units.map((unit) => ({ ...unit, reading: 'shared' as const })) : units;
    },
    validationUnits(stage) {
      const place = { seed: 0, from: 0, count: validation.promptsPerTask };
      return promptsOf(prompts, stage, 'development', place);
    },
    isScore: isTextScore,
    judge(results) {
      const answered = results.map(({ unit, score, baselines }) => {
        return { task: unit.family, questions: unit.questions.length, score, baselines };
      });
      return fitnessOf(answered, fitness);
    },
    sizeOf: ({ context, tail }) => context.length + tail.length,
    save: (path, found) => save(path, found, settings, provenance),
    presentation: presentationOf(fitness),
  };
}

async function save(
  path: string,
  { parameters, prepared, generation, validation, evaluator }: Found,
  settings: TextEvolutionSettings,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { start, model, prompts, ...rest } = settings;
  const provenance = {
    ...facts,
    model: { ...model, folder: basename(model.folder) },
    ...{ generation, validation },
    settings: { ...rest, inputs: { model: evaluator, prompts } },
    start: start && { checkpoint: basename(start.checkpoint), biasShift: start.biasShift },
  };
  return savePolicy(path, { trainable: settings.trainable, parameters, prepared, provenance });
}

const labels: Readonly<Record<FitnessKind, string>> = {
  score: 'score over that of the full cache',
  'log-probability-gain': 'gain in log-probability over the full cache',
  'probability-gain': 'gain in probability over the full cache',
};

const descriptions: Readonly<Record<FitnessKind, string>> = {
  score: 'Share of the questions answered over that of the full cache on the same prompts',
  'log-probability-gain':
    'Mean log-probability of the true answers’ tokens minus that under the full cache',
  'probability-gain':
    'Probability of the true answers, each the geometric mean over its tokens, minus that under the full cache',
};

function presentationOf(fitness: FitnessSettings): Presentation {
  const { kind, sizePressure } = fitness;
  const pressure = sizePressure === 0 ? '' : `, minus ${sizePressure} × the share kept`;
  const floor = floorOf(fitness);
  const demanded = floor
    ? ` Whoever answers less than classic policies do with as much memory (${floor.policies.join(', ')}) ranks below all others.`
    : '';
  const full = (kind === 'score' ? 1 : 0) - sizePressure;
  return {
    fitness: {
      label: labels[kind] + (sizePressure === 0 ? '' : ', minus the size'),
      description: `${descriptions[kind]}${pressure}, mean over the tasks.${demanded}`,
      baseline: { name: 'full cache', fitness: full },
    },
    charts: [
      {
        ...{ title: 'Tokens kept', label: 'share of the tokens read' },
        measures: ['keptShare', 'keptAtAnswer'],
      },
      ...(floor
        ? [
            {
              title: 'Answers demanded',
              label: kind === 'score' ? 'share of the questions' : 'probability of the answers',
              measures: ['answers', 'floor'],
            },
          ]
        : []),
    ],
    names: {
      ...{ keptShare: 'kept, average', keptAtAnswer: 'kept at the answers' },
      ...{ score: 'questions right', fullScore: 'full cache' },
      ...{ logProbability: 'log-probability', fullLogProbability: 'full cache’s' },
      ...{ answers: 'answers', floor: 'answers demanded' },
    },
    shares: ['keptShare', 'keptAtAnswer'],
    tasks: {
      label: 'validation questions right',
      areShares: true,
      measures: [{ name: 'score' }, { name: 'fullScore', dashed: true }],
    },
  };
}
