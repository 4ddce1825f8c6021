import { checkNames, InvalidArgumentError } from '@namm/core';
import { type EvictionPolicy, type TaughtPolicyOptions, taughtPolicy } from '@namm/kv-cache';
import { openTaught } from './open-taught.js';

/** Options of {@link taught}; either a budget or a threshold. */
export interface TaughtOptions extends Omit<TaughtPolicyOptions, 'threshold'> {
  /** Name of a scorer of `@namm/models`, or path of a file written by `bench fit`. */
  readonly checkpoint: string;
  /** A score, or `'25%'` for the score that keeps a quarter of text like that the scorer was tested on. */
  readonly threshold?: number | string;
}

/**
 * The policy of a taught scorer, from its file: `taughtPolicy` of `@namm/kv-cache`. All options are plain data, so that
 * they can be sent to a worker thread.
 *
 * @throws {FileFormatError} when the file is not a taught scorer, or damaged
 * @throws {InvalidArgumentError} for an option out of range
 * @example
 * ```ts
 * const policy = await taught({ checkpoint: 'smollm2-135m-instruct', budget: '25%' });
 * ```
 */
export async function taught(options: TaughtOptions): Promise<EvictionPolicy> {
  const names = ['checkpoint', 'budget', 'threshold', 'recent', 'sinks'] as const;
  const { checkpoint, threshold, ...rest } = checkNames('taught', options, names);
  const { map, quantiles } = await openTaught(checkpoint);
  if (threshold === undefined) return taughtPolicy(map, rest);
  const score = typeof threshold === 'string' ? quantiles[percentOf(threshold)]! : threshold;
  return taughtPolicy(map, { ...rest, threshold: score });
}

/** `25%`, to be kept, is the 75th percent of the scores from below. */
function percentOf(text: string): number {
  const kept = Number(/^(\d+(?:\.\d+)?)%$/.exec(text.trim())?.[1]);
  if (kept > 0 && kept <= 100) return Math.round(100 - kept);
  throw new InvalidArgumentError(
    'threshold',
    `'${text}' is neither a score nor a share such as 25%`,
  );
}
