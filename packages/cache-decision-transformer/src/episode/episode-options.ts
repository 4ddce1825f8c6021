import {
  checkChoice,
  checkInteger,
  checkNames,
  InvalidArgumentError,
  numberList,
} from '@namm/core';
import type { KVCacheOptions } from '@namm/kv-cache';
import {
  type AgentSettings,
  type Normalisation,
  type Timesteps,
  timestepModes,
} from '../agent-settings.js';
import type { TransformerSpec } from '../model/transformer-spec.js';

/** Options of an episode. Defaults come from the folder's `agent.json`, if it has one. */
export interface EpisodeOptions extends Pick<KVCacheOptions, 'policy' | 'recorder'> {
  /**
   * Recomputes this many of the newest steps for each action, as in the published code, without a cache: the baseline.
   * Cannot be combined with a policy; `stepWindow` is the policy that keeps as many.
   * @defaultValue a cache for the whole episode
   */
  readonly window?: number;
  /** Target return, in the environment's units. */
  readonly targetReturn?: number;
  /** Returns are divided by it: 1,000 for the published models. */
  readonly returnScale?: number;
  /** Mean and deviation of states; null for states that are not normalised. */
  readonly normalisation?: Normalisation | null;
  /**
   * `discrete`: the largest number of the prediction is chosen, and the action is one-hot.
   * @defaultValue 'continuous'
   */
  readonly actions?: 'continuous' | 'discrete';
  /**
   * Timesteps of steps beyond the table; see {@link Timesteps}.
   * @defaultValue 'absolute', which ends the episode there
   */
  readonly timesteps?: Timesteps;
}

/** Checked, and complete. */
export interface EpisodeSettings {
  readonly window: number | null;
  readonly targetReturn: number;
  readonly returnScale: number;
  /** Null where states go in as they are. */
  readonly normalisation: { readonly mean: Float64Array; readonly deviation: Float64Array } | null;
  readonly actions: 'continuous' | 'discrete';
  readonly timesteps: Timesteps;
}

const names: readonly (keyof EpisodeOptions)[] = [
  ...(['policy', 'window', 'targetReturn', 'returnScale', 'normalisation'] as const),
  ...(['actions', 'timesteps', 'recorder'] as const),
];

/**
 * Checks the options of an episode and fills in what `agent.json` says.
 *
 * @throws {InvalidArgumentError} naming the option that is wrong, or missing where the folder does not say it
 */
export function checkEpisodeOptions(
  options: EpisodeOptions,
  { stateSize }: TransformerSpec,
  agent: AgentSettings | null,
): EpisodeSettings {
  checkNames('createEpisode', options, names);
  const { window = null, policy, recorder } = options;
  if (window !== null) {
    checkInteger('window', window, 1);
    const other = policy !== undefined ? 'policy' : recorder !== undefined ? 'recorder' : null;
    if (other !== null) {
      const problem = 'has no effect with a window, which is computed anew and keeps no cache';
      throw new InvalidArgumentError(other, `${problem}; leave one of the two out`);
    }
  }
  const { actions = agent?.actions ?? 'continuous', timesteps = agent?.timesteps ?? 'absolute' } =
    options;
  checkChoice('actions', actions, ['continuous', 'discrete']);
  checkChoice('timesteps', timesteps, timestepModes);
  const { targetReturn = agent?.targetReturn, returnScale = agent?.returnScale } = options;
  const normalisation =
    options.normalisation === undefined ? agent?.normalisation : options.normalisation;
  if (normalisation === undefined) {
    const problem = 'is missing, and the folder has no agent.json that says it';
    throw new InvalidArgumentError('normalisation', `${problem}; null if there is none`);
  }
  return {
    window,
    targetReturn: finite('targetReturn', targetReturn, Number.NEGATIVE_INFINITY),
    returnScale: finite('returnScale', returnScale, 0),
    normalisation: normalisation === null ? null : checkNormalisation(normalisation, stateSize),
    actions,
    timesteps,
  };
}

function finite(option: string, value: number | undefined, above: number): number {
  if (value === undefined) {
    const problem = 'is missing, and the folder has no agent.json that says it';
    throw new InvalidArgumentError(option, problem);
  }
  if (Number.isFinite(value) && value > above) return value;
  const range = above === 0 ? 'positive' : 'finite';
  throw new InvalidArgumentError(option, `${String(value)} is not a ${range} number`);
}

/** A published card has 18 deviations for 17 numbers: what stands behind the stray one would be scaled wrongly. */
function checkNormalisation(given: Normalisation, stateSize: number) {
  checkNames('normalisation', given, ['mean', 'deviation']);
  const length = stateSize;
  return {
    mean: numberList('normalisation.mean', given.mean, { length }),
    deviation: numberList('normalisation.deviation', given.deviation, {
      length,
      accept: (value) => value > 0 && Number.isFinite(value),
      needed: 'positive numbers are needed',
    }),
  };
}
