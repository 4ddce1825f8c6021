import { createHash } from 'node:crypto';
import type { CacheShape } from '@namm/kv-cache';
import type { DecoderSpec } from './decoder-spec.js';

/**
 * Shape of a model's caches. The model's name in it covers the weights and everything that changes what
 * keys mean, so that a cache filled under another RoPE is not taken for one of this model.
 *
 * @param spec the model as it is run
 * @param digest of its source
 */
export function cacheShape(spec: DecoderSpec, digest: string): CacheShape {
  const scales = spec.layers.map(({ attention }) => attention.scale);
  const meaning = JSON.stringify([digest, spec.rotary, scales]);
  return {
    model: createHash('sha256').update(meaning).digest('hex'),
    layers: spec.layers.map(({ attention }) => ({
      keyValueHeads: attention.keyValueHeads,
      queryHeads: attention.queryHeads,
      headSize: attention.headSize,
      window: attention.window,
    })),
    ...(spec.positionAxes === undefined ? {} : { positionAxes: spec.positionAxes }),
  };
}
