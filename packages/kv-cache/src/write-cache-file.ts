import { NammError } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';
import { CacheSaveError } from './cache-errors.js';
import {
  attachedPrefix,
  type CacheContents,
  cacheFormat,
  cacheVersion,
  fileDigest,
  headName,
  policyPrefix,
  rowParts,
  stateName,
} from './cache-file.js';
import { hasCompactPositions } from './compact-positions.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import type { SavedState } from './contracts/saved-state.js';
import { cacheDtype } from './stored-rows.js';

/**
 * Writes a cache to a safetensors file, atomically: keys, values and positions per head and the policy's state
 * as tensors, the rest as metadata, with a digest of it all.
 *
 * @param path of the file
 * @throws {CacheSaveError} when the file cannot be written; an older file is then left unchanged
 */
export async function writeCacheFile(
  path: string,
  shape: CacheShape,
  policy: EvictionPolicy,
  contents: CacheContents,
): Promise<void> {
  const tensors = [
    ...rowTensors(shape, contents),
    ...contents.states.map((data, i): [string, TensorData] => [
      stateName(i),
      { shape: [data.length], data },
    ]),
    ...prefixed(policyPrefix, contents.state),
    ...prefixed(attachedPrefix, contents.attached),
  ];
  const metadata = {
    format: cacheFormat,
    version: cacheVersion,
    model: shape.model,
    policy: policy.name,
    settings: JSON.stringify(policy.settings),
    seen: String(contents.seen),
    nextPosition: String(contents.nextPosition),
    nextAxisPosition: String(contents.nextAxisPosition),
    positions: contents.positions,
    dtype: cacheDtype(shape),
    keepOutsideWindow: String(contents.keepOutsideWindow),
    decideAfter: String(contents.decideAfter),
    protectedSpans: JSON.stringify(contents.protectedSpans),
  };
  const digest = fileDigest(tensors, metadata);
  await writeSafetensors(path, tensors, { ...metadata, digest }).catch((cause) => {
    if (NammError.isInstance(cause)) throw cause;
    throw new CacheSaveError(path, cause);
  });
}

function rowTensors(
  shape: CacheShape,
  { positions: mode, heads }: CacheContents,
): [string, TensorData][] {
  const axes = shape.positionAxes ?? 0;
  return heads.flatMap((layerHeads, layer) =>
    layerHeads.flatMap((rows, head): [string, TensorData][] => {
      const { headSize } = shape.layers[layer]!;
      const name = headName(layer, head);
      const count = rows.positions.length;
      const tensors: [string, TensorData][] = [
        [`${name}.positions`, { shape: [count], data: rows.positions }],
      ];
      for (const part of rowParts) {
        const { numbers: data, scales } = rows[part];
        const isHalf = data instanceof Uint16Array;
        const tensor = { shape: [count, headSize], data, ...(isHalf && { dtype: 'F16' as const }) };
        tensors.push([`${name}.${part}`, tensor]);
        if (data instanceof Int8Array) {
          tensors.push([`${name}.${part}.scales`, { shape: [count], data: scales }]);
        }
      }
      if (hasCompactPositions({ positions: mode })) {
        tensors.push([`${name}.tokens`, { shape: [count], data: rows.tokens }]);
      }
      if (axes > 0) tensors.push([`${name}.axes`, { shape: [count, axes], data: rows.axes }]);
      return tensors;
    }),
  );
}

function prefixed(prefix: string, tensors: SavedState): [string, TensorData][] {
  return Array.from(tensors, ([name, tensor]) => [prefix + name, tensor]);
}
