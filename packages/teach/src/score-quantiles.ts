import { checkNames, type ProgressListener } from '@namm/core';
import { full, RowFeatures, scoreTokens, type TaughtMap } from '@namm/kv-cache';
import type { TaughtModel } from './taught-model.js';

/** How many there are: one per percent, and the lowest. */
export const quantileCount = 101;

/**
 * Quantiles of a map's scores on text, over all layers and heads, from lowest to highest in steps of one percent. The
 * threshold that keeps a given share of such text is one of them.
 *
 * @returns `[101]`
 */
export async function scoreQuantiles(
  model: Omit<TaughtModel, 'probe'>,
  map: TaughtMap,
  passages: readonly Int32Array[],
  options: { readonly signal?: AbortSignal; readonly onProgress?: ProgressListener } = {},
): Promise<Float32Array> {
  const { signal, onProgress } = checkNames('scoreQuantiles', options, ['signal', 'onProgress']);
  const features = new RowFeatures(model.cacheShape);
  const scores: Float32Array[] = [];
  for (const [done, ids] of passages.entries()) {
    const cache = await model.createCache({ policy: full(), keepOutsideWindow: true });
    try {
      const items = [{ cache, input: { ids }, outputs: 'none' as const }];
      await model.step(items, signal ? { signal } : {});
      scores.push(...scoreTokens(map, (layer) => features.read(cache, layer, 0)).flat());
    } finally {
      await cache.release();
    }
    onProgress?.({ stage: 'scores', done: done + 1, total: passages.length });
  }
  const all = new Float32Array(scores.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of scores) {
    all.set(part, end);
    end += part.length;
  }
  all.sort();
  return Float32Array.from(
    { length: quantileCount },
    (_, percent) => all[Math.round((percent / (quantileCount - 1)) * (all.length - 1))]!,
  );
}
