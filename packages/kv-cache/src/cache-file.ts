import { createHash } from 'node:crypto';
import type { TensorData } from '@namm/tensors';
import type { ProtectedSpan } from './contracts/protected-span.js';
import type { SavedState } from './contracts/saved-state.js';
import type { DecideAfter } from './contracts/sequence-model.js';
import type { HeadContents } from './row-buffer.js';
import type { SequencePoint } from './sequence-rows.js';

/** What the metadata of a file says that holds a cache. */
export const cacheFormat = 'namm-cache';
/**
 * Files of version 1 held a policy's state as bytes of a format of their own, those of version 2 no protected spans,
 * those of version 3 nothing but float32.
 */
export const cacheVersion = '4';

/** Everything that makes a cache what it is, beside its shape and its policy. */
export interface CacheContents extends SequencePoint {
  readonly positions: 'absolute' | 'compact';
  readonly keepOutsideWindow: boolean;
  readonly decideAfter: DecideAfter;
  readonly protectedSpans: readonly ProtectedSpan[];
  /** Per layer and KV head. */
  readonly heads: readonly (readonly HeadContents[])[];
  /** What {@link PolicyState.save} gave. */
  readonly state: SavedState;
  /** What whoever owns the cache put beside it. */
  readonly attached: SavedState;
}

/** The two kinds of rows. */
export const rowParts = ['keys', 'values'] as const;

/** How the tensors of one head are called, without the part at the end. */
export function headName(layer: number, head: number): string {
  return `layers.${layer}.heads.${head}`;
}

/** How the tensor of a layer without rows is called. */
export function stateName(index: number): string {
  return `states.${index}`;
}

/** What stands before the names of a policy's tensors. */
export const policyPrefix = 'policy.';

/** What stands before the names of tensors that the owner of the cache attached. */
export const attachedPrefix = 'attached.';

/**
 * SHA-256 of all that a file holds: names, types, sizes and numbers of its tensors, and its metadata, the counts
 * among it, where one digit more or less may look like another valid cache.
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
