import {
  type AgentEpisode,
  DecisionTransformer,
  type EpisodeOptions,
  stepWindow,
} from '@namm/cache-decision-transformer';
import { Random } from '@namm/core';
import { full, h2o } from '@namm/kv-cache';
import { MeasurementError } from '../measuring/measurement-error.js';
import { startStopwatch } from '../measuring/stopwatch.js';

/** One way to run an episode. */
interface Contender {
  readonly name: string;
  readonly options: Pick<EpisodeOptions, 'policy' | 'window'>;
}

/** One episode of one contender. */
export interface EpisodeTime {
  /** CPU and wall seconds per step. */
  readonly cpu: number;
  readonly wall: number;
  readonly otherCores: number;
  /** Rows per head at the end, on average. */
  readonly rows: number;
}

/** The window that is computed anew, the baseline, then caches: whole, and of as many tokens as the window has. */
function contenders(window: number): readonly Contender[] {
  return [
    { name: `window of ${window}, computed anew`, options: { window } },
    { name: 'whole episode', options: { policy: full() } },
    { name: `newest ${window} steps`, options: { policy: stepWindow(window) } },
    { name: `h2o, ${3 * window} tokens`, options: { policy: h2o({ budget: 3 * window }) } },
  ];
}

/**
 * Times whole episodes, the contenders in turns; every round another one goes first. States are drawn from a seed,
 * the model's own actions are fed back.
 *
 * @param folder of the model
 * @param onRound told before each episode
 * @returns per contender one time per round
 * @throws {MeasurementError} when the window and the whole cache differ while they read the same steps
 */
export async function measureEpisodes(
  folder: string,
  settings: {
    readonly window: number;
    readonly steps: number;
    readonly rounds: number;
    readonly seed: number;
  },
  onRound: (round: number, name: string) => void,
): Promise<readonly { readonly name: string; readonly times: readonly EpisodeTime[] }[]> {
  const { window, steps, rounds, seed } = settings;
  const all = contenders(window);
  const models = await Promise.all(
    all.map(({ options: { policy } }) =>
      DecisionTransformer.load(folder, policy ? { probe: policy.probe } : {}),
    ),
  );
  const begin = (which: number) =>
    models[which]!.createEpisode({
      ...all[which]!.options,
      ...{ targetReturn: 3600, returnScale: 1000, normalisation: null },
    });
  const [anew, whole] = [begin(0), begin(1)];
  for (const [step, state] of statesOf(models[0]!, Math.min(window, steps), seed).entries()) {
    const [one, other] = [await anew.act(state), await whole.act(state)];
    for (const episode of [anew, whole]) episode.observe(1, one);
    if (one.every((value, i) => Math.abs(value - other[i]!) < 1e-4)) continue;
    throw new MeasurementError(`Step ${step}: the window says ${one}, the cache ${other}.`);
  }
  const times: EpisodeTime[][] = all.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const states = statesOf(models[0]!, steps, seed + round);
    for (let turn = 0; turn < all.length; turn++) {
      const which = (turn + round) % all.length;
      onRound(round, all[which]!.name);
      times[which]!.push(await timeEpisode(begin(which), states));
    }
  }
  for (const model of models) await model.release();
  return all.map(({ name }, which) => ({ name, times: times[which]! }));
}

async function timeEpisode(
  episode: AgentEpisode,
  states: readonly Float32Array[],
): Promise<EpisodeTime> {
  const elapsed = startStopwatch();
  for (const state of states) {
    await episode.act(state);
    episode.observe(1);
  }
  const { cpu, wall, others } = elapsed();
  const { rows, keptPerHead } = episode.memory();
  await episode.release();
  const steps = states.length;
  return {
    cpu: cpu / steps,
    wall: wall / steps,
    otherCores: others / wall,
    rows: rows / keptPerHead.flat().length,
  };
}

function statesOf({ spec }: DecisionTransformer, steps: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: steps }, () =>
    Float32Array.from({ length: spec.stateSize }, () => random.normal()),
  );
}
