import { FileFormatError } from '@namm/core';
import {
  type SavedState,
  SavedStateReader,
  type StateArray,
  type StateTensor,
} from '@namm/kv-cache';
import { timestepModes } from '../agent-settings.js';
import type { Step } from '../model/network.js';
import type { TransformerSpec } from '../model/transformer-spec.js';
import type { EpisodeSettings } from './episode-options.js';

/** All of an episode beside its cache. */
export interface EpisodeContents {
  readonly settings: EpisodeSettings;
  /** Steps that have begun. */
  readonly steps: number;
  /** In the environment's units. */
  readonly returnToGo: number;
  readonly awaits: 'state' | 'reward';
  /** The last step, or those of the window; the newest last. */
  readonly history: readonly Step[];
}

const actionKinds = ['continuous', 'discrete'] as const;
const phases = ['state', 'reward'] as const;

/** An episode as tensors that a cache's file takes along. */
export function saveEpisode(
  { settings, steps, returnToGo, awaits, history }: EpisodeContents,
  { stateSize, actionSize }: TransformerSpec,
): SavedState {
  const tensor = (data: StateArray, ...shape: number[]): StateTensor => ({ shape, data });
  const { window, targetReturn, returnScale, normalisation, actions, timesteps } = settings;
  const numbers = [
    ...[steps, returnToGo, phases.indexOf(awaits), window ?? 0, targetReturn, returnScale],
    ...[actionKinds.indexOf(actions), timestepModes.indexOf(timesteps)],
  ];
  const states = new Float32Array(history.length * stateSize);
  const done = new Float32Array(history.length * actionSize);
  for (const [i, { state, action }] of history.entries()) {
    states.set(state, i * stateSize);
    done.set(action, i * actionSize);
  }
  const count = history.length;
  const returns = Float64Array.from(history, (step) => step.returnToGo);
  const times = Int32Array.from(history, (step) => step.timestep);
  return new Map([
    ['episode', tensor(Float64Array.from(numbers), numbers.length)],
    ['states', tensor(states, count, stateSize)],
    ['actions', tensor(done, count, actionSize)],
    ['returns', tensor(returns, count)],
    ['timesteps', tensor(times, count)],
    ['mean', tensor(normalisation?.mean ?? new Float64Array(0), normalisation ? stateSize : 0)],
    [
      'deviation',
      tensor(normalisation?.deviation ?? new Float64Array(0), normalisation ? stateSize : 0),
    ],
  ]);
}

/**
 * The episode that {@link saveEpisode} made tensors of.
 *
 * @param path of the file, for messages
 * @throws {FileFormatError} when they are not those of an episode of this model
 */
export function readEpisode(
  path: string,
  saved: SavedState,
  { stateSize, actionSize, timesteps: rows }: TransformerSpec,
): EpisodeContents {
  const fail = (problem: string): never => {
    throw new FileFormatError(path, `holds no episode of this model: ${problem}`);
  };
  try {
    const reader = new SavedStateReader(saved);
    const numbers = reader.take('episode', Float64Array, [8]);
    const [steps = 0, returnToGo = 0, phase = 0, window = 0, targetReturn = 0, returnScale = 0] =
      numbers;
    const awaits = phases[phase];
    const actions = actionKinds[numbers[6]!];
    const timesteps = timestepModes[numbers[7]!];
    const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
    if (
      !numbers.every(Number.isFinite) ||
      !isCount(steps) ||
      !isCount(window) ||
      returnScale <= 0
    ) {
      return fail('its numbers are out of range');
    }
    if (awaits === undefined || actions === undefined || timesteps === undefined) {
      return fail('its settings are unknown');
    }
    const times = reader.take('timesteps', Int32Array, [null]);
    const count = times.length;
    if (count !== Math.min(steps, Math.max(window, 1))) return fail(`it keeps ${count} steps`);
    if (times.some((time) => time < 0 || time >= rows)) return fail('a timestep is out of range');
    const states = reader.take('states', Float32Array, [count, stateSize]);
    const done = reader.take('actions', Float32Array, [count, actionSize]);
    const returns = reader.take('returns', Float64Array, [count]);
    const mean = reader.take('mean', Float64Array, [null]);
    const deviation = reader.take('deviation', Float64Array, [mean.length]);
    reader.end();
    if (mean.length !== 0 && mean.length !== stateSize) return fail('its mean has another length');
    return {
      settings: {
        window: window === 0 ? null : window,
        targetReturn,
        returnScale,
        normalisation: mean.length === 0 ? null : { mean, deviation },
        actions,
        timesteps,
      },
      steps,
      returnToGo,
      awaits,
      history: Array.from(times, (timestep, i) => ({
        state: states.slice(i * stateSize, (i + 1) * stateSize),
        returnToGo: returns[i]!,
        timestep,
        action: done.slice(i * actionSize, (i + 1) * actionSize),
      })),
    };
  } catch (cause) {
    if (!(cause instanceof FileFormatError) || cause.details.file === path) throw cause;
    throw new FileFormatError(path, cause.message, { cause });
  }
}
