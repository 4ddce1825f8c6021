import type { DecoderWorker } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import { choiceInterval } from './choice-interval.js';
import type { ChosenPolicy } from './chosen-policy.js';
import { positionsFor } from './memory-needs.js';

type Spec = DecoderWorker['spec'];

/** How a conversation's positions are counted: compact where that is wanted and the model's can move. */
export function servedPositions(
  { learnedPositions, rotary }: Spec,
  policy: ChosenPolicy,
): 'absolute' | 'compact' {
  const canMove =
    learnedPositions === null &&
    rotary.every(({ scaling }) => scaling.kind !== 'dynamic' && scaling.kind !== 'longrope');
  return canMove ? positionsFor(policy) : 'absolute';
}

/**
 * Whether a conversation can have any length: its positions are compact, and those that it holds at most leave room
 * for a chunk more.
 *
 * @param spans that are protected
 */
export function isEndless(
  spec: Spec,
  policy: ChosenPolicy,
  spans: readonly ProtectedSpan[],
  chunkSize: number,
): boolean {
  if (servedPositions(spec, policy) === 'absolute') return false;
  const { layers, maximumPositions } = spec;
  const whole = spans.filter(({ keep = 'all' }) => keep === 'all');
  const kept = whole.reduce((sum, { start, end }) => sum + end - start, 0);
  const held = Math.max(policy.mostRows(Number.MAX_SAFE_INTEGER), kept);
  const window = Math.max(0, ...layers.map(({ attention }) => attention?.window ?? 0));
  const between = choiceInterval(policy, chunkSize) - 1;
  return held + between + window + chunkSize <= maximumPositions;
}

/** A chunk that fits several times into the positions of a model with few. */
export function chunkFor(chunkSize: number, positions: number): number {
  let chunk = chunkSize;
  while (chunk > 1 && chunk > positions / 4) chunk = Math.ceil(chunk / 2);
  return chunk;
}
