import { basename } from 'node:path';
import type { Problem } from '@namm/evolve';
import { tensorsOf } from '../trainables/normaliser-tensors.js';
import { savePolicy } from '../trainables/save-policy.js';
import { startMean, startNormaliser } from '../trainables/start.js';
import { titleOf } from '../trainables/title-of.js';
import { type ControlRequest, fullCache } from './control-assessor.js';
import {
  type ControlEvolutionSettings,
  type ControlStage,
  checkControlSettings,
} from './control-evolution-settings.js';
import { controlFitness } from './control-fitness.js';
import { type ControlScore, type ControlUnit, isControlScore } from './control-score.js';

/** Evolving an eviction policy for an agent's episodes. */
export type ControlProblem = Problem<ControlUnit, ControlScore, ControlStage, ControlRequest>;

/** Seeds of environments: those of evaluations begin at 0. Each range is of its own. */
const seeds = { normaliser: 1_000_000, validation: 2_000_000, training: 3_000_000 };

/**
 * The problem of evolving an eviction policy on the episodes of an agent, for `evolve`. Its units are episodes, its
 * baseline is the full cache.
 *
 * @param provenance facts for the checkpoints
 * @throws {InvalidArgumentError} for an invalid setting, or a start that does not match what is evolved
 */
export function controlProblem(
  settings: ControlEvolutionSettings,
  provenance: Readonly<Record<string, unknown>> = {},
): ControlProblem {
  checkControlSettings(settings);
  const { agent, trainable, stages, fitness, normaliser, validation, start } = settings;
  const { returnScale, episode } = settings;
  const mean = startMean(trainable, start);
  return {
    title: `${titleOf(trainable)} with ${basename(agent)}`,
    // The agent's digest is the evaluator's version: its folder may be elsewhere.
    settings: {
      ...{ episode, trainable, fitness, normaliser, start, returnScale },
      validationEpisodes: validation.episodes,
    },
    stages,
    baselines: [fullCache],
    start: () => mean.slice(),
    async prepare(evaluator) {
      if (normaliser.scope === 'start') return tensorsOf(startNormaliser(trainable, start!));
      const episodes = episodesIn(stages[0]!, seeds.normaliser, normaliser.episodes);
      return evaluator.prepare({ episodes, scope: normaliser.scope });
    },
    trainingUnits(stage, { seed, generation }) {
      const from = seeds.training + (seed * 10_000 + generation) * 1_000;
      return episodesIn(stage, from, stage.episodes);
    },
    validationUnits: (stage) => episodesIn(stage, seeds.validation, validation.episodes),
    isScore: isControlScore,
    judge(results) {
      const played = results.map(({ score, baselines }) => ({
        score,
        full: baselines[fullCache]!,
      }));
      return controlFitness(played, fitness, returnScale);
    },
    sizeOf: () => 1,
    save(path, { parameters, prepared, generation, validation: judged, evaluator }) {
      const { agent: folder, ...rest } = settings;
      const facts = { agent: { folder: basename(folder), digest: evaluator }, settings: rest };
      const found = { generation, validation: judged };
      const whole = { ...provenance, ...facts, ...found };
      return savePolicy(path, { trainable, parameters, prepared, provenance: whole });
    },
    presentation: {
      fitness: {
        label: 'return over its scale, minus the size',
        description: `Mean return over ${returnScale}, minus ${fitness.sizePressure} × the share kept. Whoever returns less than the full cache, by more than ${fitness.tolerance}, ranks below all others.`,
      },
      charts: [
        { title: 'Rows kept', label: 'share of the full cache', measures: ['keptShare'] },
        { title: 'Returns', label: 'over their scale', measures: ['return', 'fullReturn'] },
      ],
      names: {
        ...{ return: 'return', fullReturn: 'return of the full cache', keptShare: 'share kept' },
        ...{ failedShare: 'failed', rowsPerHead: 'rows per head' },
      },
      shares: ['keptShare', 'failedShare'],
    },
  };
}

function episodesIn({ environment }: ControlStage, from: number, count: number): ControlUnit[] {
  return Array.from({ length: count }, (_, i) => ({ environment, seed: from + i }));
}
