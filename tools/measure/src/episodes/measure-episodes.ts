import { Random } from '@namm/core';
import { MeasurementError } from '../measuring/measurement-error.js';
import { type Contender, type EpisodeTime, ourContenders, torchContenders } from './contenders.js';

/** What was measured of one contender: a time per round. */
export interface EpisodeTimes extends Pick<Contender, 'name' | 'kept' | 'isPeer'> {
  readonly times: readonly EpisodeTime[];
}

/** Predictions of the same steps may differ by so much. */
const tolerance = 1e-3;

/**
 * Times whole episodes, the contenders in turns; every round another one goes first. States are drawn from a seed,
 * the model's own actions are fed back. A short episode warms each contender up.
 *
 * @param folder of the model
 * @param settings sizes, and a Python with PyTorch if the peer is to be measured
 * @param onRound told before each episode
 * @returns per contender one time per round
 * @throws {MeasurementError} when contenders differ while they read the same steps
 */
export async function measureEpisodes(
  folder: string,
  settings: {
    readonly window: number;
    readonly steps: number;
    readonly rounds: number;
    readonly seed: number;
    readonly python?: string;
  },
  onRound: (round: number, name: string) => void,
): Promise<readonly EpisodeTimes[]> {
  const { window, steps, rounds, seed, python } = settings;
  const ours = await ourContenders(folder, window);
  const peers = python === undefined ? [] : await torchContenders(python, folder, window);
  const all: readonly Contender[] = [...ours, ...peers];
  try {
    const { stateSize } = ours[0]!.model.spec;
    await checkAgreement(all, statesOf(stateSize, Math.min(window, steps), seed));
    const times: EpisodeTime[][] = all.map(() => []);
    for (let round = 0; round < rounds; round++) {
      const states = statesOf(stateSize, steps, seed + round);
      for (let turn = 0; turn < all.length; turn++) {
        const which = (turn + round) % all.length;
        onRound(round, all[which]!.name);
        times[which]!.push((await all[which]!.play(states)).time);
      }
    }
    return all.map(({ name, kept, isPeer }, i) => ({ name, kept, isPeer, times: times[i]! }));
  } finally {
    for (const contender of all) await contender.release();
  }
}

/** While a window still holds the whole episode, all say the same. */
async function checkAgreement(
  [first, ...others]: readonly Contender[],
  states: readonly Float32Array[],
): Promise<void> {
  const { actions: expected } = await first!.play(states);
  for (const { name, play } of others) {
    const { actions } = await play(states);
    const wrong = expected.findIndex((value, i) => !(Math.abs(value - actions[i]!) < tolerance));
    if (wrong < 0 && actions.length === expected.length) continue;
    const said = `${name} says ${actions[wrong]} where ${first!.name} says ${expected[wrong]}`;
    throw new MeasurementError(`Number ${wrong} of the actions: ${said}.`);
  }
}

function statesOf(stateSize: number, steps: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: steps }, () =>
    Float32Array.from({ length: stateSize }, () => random.normal()),
  );
}
