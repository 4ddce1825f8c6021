import type { Judgement } from '@namm/evolve';
import { mean } from '@namm/statistics';
import type { ControlFitness } from './control-evolution-settings.js';
import type { ControlScore } from './control-score.js';

/** One episode: how a candidate and the full cache did in it. */
export interface EpisodeResult {
  readonly score: ControlScore;
  readonly full: ControlScore;
}

/**
 * Puts together how a candidate did: its mean return over the scale, minus the size. Episodes whose simulation broke down
 * under either are in no mean; a candidate with none but such has failed.
 */
export function controlFitness(
  results: readonly EpisodeResult[],
  { sizePressure, tolerance }: ControlFitness,
  returnScale: number,
): Judgement {
  const sound = results.filter(({ score, full }) => !score.failed && !full.failed);
  const failedShare = results.filter(({ score }) => score.failed).length / results.length;
  if (sound.length === 0) return { fitness: Number.NaN };
  const over = (value: (result: EpisodeResult) => number) => mean(sound.map(value));
  const scaled = over(({ score }) => score.return) / returnScale;
  const fullReturn = over(({ full }) => full.return) / returnScale;
  const keptShare = over(({ score }) => score.keptShare);
  return {
    fitness: scaled - sizePressure * keptShare,
    shortfall: Math.max(0, fullReturn - tolerance - scaled),
    cost: keptShare,
    measures: {
      ...{ return: scaled, fullReturn, keptShare, failedShare },
      rowsPerHead: over(({ score }) => score.rowsPerHead),
    },
  };
}
