import {
  createMemoryTask,
  type EnvironmentSettings,
  isMemoryTask,
  normalisedScore,
  type PhysicsSettings,
} from '@namm/environments';
import {
  binomialInterval,
  bootstrapInterval,
  bootstrapRatioInterval,
  type Interval,
  mean,
} from '@namm/statistics';
import type { EpisodeRecord } from './episode-record.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation-store.js';
import type { MemoryContender } from './memory-contender.js';
import { pairedEpisodes } from './paired-episodes.js';

/** A contender in numbers. Null if there is no value; failed episodes count only in `episodes` and `failed`. */
export interface ContenderSummary {
  readonly name: string;
  readonly episodes: number;
  /** Episodes whose simulation broke down. */
  readonly failed: number;
  /** Mean, with its 95 % bootstrap interval over episodes. */
  readonly return: Interval | null;
  /** Mean difference from the contender `full` over the episodes that both have finished, with its interval. */
  readonly difference: Interval | null;
  /**
   * Mean return over that of `full` on the same episodes, with its interval; null if the return of `full` is not above
   * 0.
   */
  readonly ratio: Interval | null;
  /** In a memory task: share of episodes with the best possible return, with its exact interval. */
  readonly success: Interval | null;
  /** Mean return on D4RL's scale, for a body that is the same as in D4RL. */
  readonly normalised: number | null;
  readonly meanSteps: number | null;
  /** Rows held per head, averaged over steps and episodes. */
  readonly rowsPerHead: number | null;
  /** `rowsPerHead` over that of `full` on the same episodes. */
  readonly rowShare: number | null;
  /** The most bytes that any episode held. */
  readonly peakBytes: number | null;
  /** Including the environment. */
  readonly stepsPerSecond: number | null;
}

const bootstrap = { seed: 0 };

/**
 * Summary of a store's episodes for a plan, complete or not: one row per contender, in the plan's order.
 *
 * @example
 * ```ts
 * for (const { name, return: value } of summariseEvaluation(plan, store)) console.log(name, value?.estimate);
 * ```
 */
export function summariseEvaluation(
  plan: EvaluationPlan,
  store: EvaluationStore,
): ContenderSummary[] {
  const { contenders, seeds, settings } = plan;
  const played = (contender: MemoryContender) =>
    seeds.flatMap((seed) => store.record(contender, seed) ?? []);
  const best = bestReturn(settings.environment);
  return contenders.map((contender) => {
    const records = played(contender);
    const good = sound(records);
    const returns = good.map((record) => record.return);
    const pairs = contender.name === 'full' ? [] : pairedEpisodes(plan, store, contender);
    const [own, full] = [pairs.map((pair) => pair.own), pairs.map((pair) => pair.full)];
    const differences = pairs.map((pair) => pair.own.return - pair.full.return);
    const successes = returns.filter((value) => best !== null && value >= best - 1e-6).length;
    return {
      name: contender.name,
      episodes: records.length,
      failed: records.length - good.length,
      return: intervalOf(returns),
      difference: intervalOf(differences),
      ratio: ratioOf(own, full),
      success:
        best === null || returns.length === 0 ? null : binomialInterval(successes, returns.length),
      normalised: normalised(settings.environment, returns),
      meanSteps: meanOf(good.map(({ steps }) => steps)),
      rowsPerHead: good.length === 0 ? null : rowsOf(good),
      rowShare: pairs.length === 0 ? null : rowsOf(own) / rowsOf(full),
      peakBytes: good.length === 0 ? null : Math.max(...good.map(({ peakBytes }) => peakBytes)),
      stepsPerSecond: speedOf(good),
    };
  });
}

const sound = (records: readonly EpisodeRecord[]) => records.filter(({ end }) => end !== 'failed');

const meanOf = (values: readonly number[]) => (values.length === 0 ? null : mean(values));

const intervalOf = (values: readonly number[]) =>
  values.length === 0 ? null : bootstrapInterval(values, bootstrap);

const rowsOf = (records: readonly EpisodeRecord[]) =>
  mean(records.map(({ rowsPerHead }) => rowsPerHead.mean));

function ratioOf(own: readonly EpisodeRecord[], full: readonly EpisodeRecord[]): Interval | null {
  const [numerators, denominators] = [own, full].map((records) =>
    records.map((record) => record.return),
  );
  if (!(meanOf(denominators!)! > 0)) return null;
  return bootstrapRatioInterval(numerators!, denominators!, bootstrap);
}

function speedOf(records: readonly EpisodeRecord[]): number | null {
  if (records.length === 0) return null;
  const total = (of: (record: EpisodeRecord) => number) => mean(records.map(of));
  return total(({ steps }) => steps) / total(({ seconds }) => seconds);
}

/** Null where no return is the best. */
function bestReturn(settings: EnvironmentSettings): number | null {
  if (!isMemoryTask(settings)) return null;
  const { noisyHistory: _, ...task } = settings as EnvironmentSettings & { name: 't-maze' };
  return createMemoryTask(task).bestReturn;
}

/** Null for a body that is another task than D4RL's: with masked velocities, hidden factors or noise. */
function normalised(settings: EnvironmentSettings, returns: readonly number[]): number | null {
  if (returns.length === 0 || isMemoryTask(settings) || Object.keys(settings).length > 1)
    return null;
  return normalisedScore((settings as PhysicsSettings).name, mean(returns));
}
