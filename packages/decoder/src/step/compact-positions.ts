import type { CacheLease, KVCache, RotateKeys } from '@namm/kv-cache';
import { CacheUseError, PositionLimitError } from '../errors.js';
import { rotateKeys } from '../rotary/rotate-keys.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import { attentionsOf } from '../spec/layers-of.js';

/**
 * Checks that caches with compact positions can serve a model: kept keys must be able to move.
 *
 * @throws {CacheUseError} when positions are learned, or frequencies would change with the length
 */
export function checkCompactPositions(spec: DecoderSpec): void {
  const { family, maximumPositions } = spec;
  const refuse = (problem: string): never => {
    throw new CacheUseError(`Compact positions are not possible: ${problem}; use absolute ones.`);
  };
  if (spec.learnedPositions !== null) {
    refuse(`${family} has learned positions, which are part of the keys for good`);
  }
  if (spec.positionAxes !== undefined) {
    refuse(`tokens of ${family} have positions of their own, which are not consecutive numbers`);
  }
  for (const { scaling } of spec.rotary) {
    if (scaling.kind !== 'dynamic' && scaling.kind !== 'longrope') continue;
    if (maximumPositions <= scaling.trainedPositions) continue;
    const problem = `${scaling.kind} RoPE has other frequencies beyond ${scaling.trainedPositions} positions`;
    throw new CacheUseError(
      `Compact positions are not possible: ${problem}; load the model with maximumPositions: ${scaling.trainedPositions}.`,
    );
  }
}

/** Closing gaps that win less than this part of the positions would be done again at once. */
const worthwhile = 1 / 16;

/**
 * Sees to it that the positions of a chunk are within the limit: when they would not be, closes the gaps
 * of a cache whose positions are compact; those of the whole sequence, or, where that wins too little, of each head.
 *
 * @param count tokens of the chunk
 * @throws {PositionLimitError} when that does not make enough room; nothing has then changed
 */
export function makeRoom(
  spec: DecoderSpec,
  cache: KVCache,
  lease: CacheLease,
  count: number,
): void {
  const { maximumPositions, rotary } = spec;
  if (cache.nextPosition + count <= maximumPositions) return;
  const together = cache.nextPosition - cache.gaps();
  const wanted = Math.max(count, Math.floor(maximumPositions * worthwhile));
  const scope = together + wanted <= maximumPositions ? 'sequence' : 'head';
  const closed = scope === 'sequence' ? together : cache.nextPosition - cache.gaps('head');
  if (closed + count > maximumPositions) {
    const problem = `Closing gaps makes no room for ${count} more: ${closed} positions stay.`;
    const advice = cache.policy.keepsEverything
      ? `The policy '${cache.policy.name}' keeps everything: use one with a budget, such as sinkRecent.`
      : 'Use a smaller budget or chunk.';
    throw new PositionLimitError(closed + count, maximumPositions, `${problem} ${advice}`);
  }
  const attentions = attentionsOf(spec);
  const rotators = new Map<string, RotateKeys>();
  lease.closeGaps((layer) => {
    const { rotary: table, headSize } = attentions[layer]!;
    if (table === null) return null;
    const name = `${table} ${headSize}`;
    let rotator = rotators.get(name);
    if (rotator === undefined) {
      rotator = rotateKeys(rotary[table]!, headSize);
      rotators.set(name, rotator);
    }
    return rotator;
  }, scope);
}
