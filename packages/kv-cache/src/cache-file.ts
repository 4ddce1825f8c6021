import { createHash } from 'node:crypto';
import type { TensorData } from '@namm/tensors';
import type { ProtectedSpan } from './contracts/protected-span.js';
import type { SavedState } from './contracts/saved-state.js';
import type { DecideAfter } from './contracts/sequence-model.js';
import type { HeadContents } from './row-buffer.js';
import type { SequencePoint } from './sequence-rows.js';

/** The format that the metadata of a cache file names. */
export const cacheFormat = 'namm-cache';
/**
 * Files of version 1 held a policy's state as bytes of a format of their own, those of version 2 no protected spans,
 * those of version 3 nothing but float32.
 */
export const cacheVersion = '4';

/** Everything that a cache consists of, except its shape and policy. */
export interface CacheContents extends SequencePoint {
  readonly positions: 'absolute' | 'compact';
  readonly keepOutsideWindow: boolean;
  readonly decideAfter: DecideAfter;
  readonly protectedSpans: readonly ProtectedSpan[];
  /** Per layer and KV head. */
  readonly heads: readonly (readonly HeadContents[])[];
  /** What {@link PolicyState.save} gave. */
  readonly state: SavedState;
  /** Tensors that the cache's owner attached. */
  readonly attached: SavedState;
}

/** The two kinds of rows. */
export const rowParts = ['keys', 'values'] as const;

/** Name of a head's tensors, without the last part. */
export function headName(layer: number, head: number): string {
  return `layers.${layer}.heads.${head}`;
}

/** Name of the tensor of a layer without rows. */
export function stateName(index: number): string {
  return `states.${index}`;
}

/** Prefix of the names of a policy's tensors. */
export const policyPrefix = 'policy.';

/** Prefix of the names of tensors that the cache's owner attached. */
export const attachedPrefix = 'attached.';

/**
 * SHA-256 of everything in a file: names, types, sizes and numbers of its tensors, and its metadata. The metadata
 * include counts, in which one changed digit could look like another valid cache.
 */
export function fileDigest(
  tensors: Iterable<readonly [string, TensorData]>,
  { digest: _, ...metadata }: Readonly<Record<string, string>>,
): string {
  const hash = createHash('sha256');
  const byName = <T>(entries: Iterable<readonly [string, T]>) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify(byName(Object.entries(metadata))));
  for (const [name, { shape, dtype, data }] of byName(tensors)) {
    hash.update(JSON.stringify([name, shape, dtype ?? data.constructor.name]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
