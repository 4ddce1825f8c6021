import { NammError } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';
import type { CacheContents } from './cache-contents.js';
import { CacheSaveError } from './cache-errors.js';
import { hasCompactPositions } from './compact-positions.js';
import { contentsDigest } from './contents-digest.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';

/** What the metadata of a file says that holds a cache. */
export const cacheFormat = 'namm-cache';

/** How the tensors of one head are called, without the part at the end. */
export function headName(layer: number, head: number): string {
  return `layers.${layer}.heads.${head}`;
}

/**
 * Writes a cache to a safetensors file, atomically: keys, values and positions per head, the policy's
 * state as bytes, and the rest as metadata, with a digest of the arrays.
 *
 * @throws {CacheSaveError} when the file cannot be written; an older file then still stands
 */
export async function writeCacheFile(
  path: string,
  shape: CacheShape,
  policy: EvictionPolicy,
  contents: CacheContents,
): Promise<void> {
  const { seen, nextPosition, positions, keepOutsideWindow, heads, state } = contents;
  const tensors: [string, TensorData][] = [['policy', { shape: [state.length], data: state }]];
  for (const [layer, layerHeads] of heads.entries()) {
    const { headSize } = shape.layers[layer]!;
    for (const [head, rows] of layerHeads.entries()) {
      const name = headName(layer, head);
      const count = rows.positions.length;
      tensors.push(
        [`${name}.keys`, { shape: [count, headSize], data: rows.keys }],
        [`${name}.values`, { shape: [count, headSize], data: rows.values }],
        [`${name}.positions`, { shape: [count], data: rows.positions }],
      );
      if (hasCompactPositions({ positions })) {
        tensors.push([`${name}.tokens`, { shape: [count], data: rows.tokens }]);
      }
    }
  }
  const metadata = {
    format: cacheFormat,
    model: shape.model,
    policy: policy.name,
    settings: JSON.stringify(policy.settings),
    seen: String(seen),
    nextPosition: String(nextPosition),
    positions,
    keepOutsideWindow: String(keepOutsideWindow),
    digest: contentsDigest(contents),
  };
  await writeSafetensors(path, tensors, metadata).catch((cause) => {
    if (NammError.isInstance(cause)) throw cause;
    throw new CacheSaveError(path, cause);
  });
}
