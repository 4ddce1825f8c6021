import { createHash } from 'node:crypto';
import type { CacheShape, KeyRotation, LayerShape } from '@namm/kv-cache';
import { inverseFrequencies, rotaryAttentionFactor } from '../rotary/inverse-frequencies.js';
import type { RotarySpec } from '../rotary/rotary-spec.js';
import type { DecoderSpec } from './decoder-spec.js';
import { attentionsOf, convolutionsOf } from './layers-of.js';

/**
 * Shape of a model's caches. The model's name in it covers the weights and everything that changes what
 * keys mean, so that a cache filled under another RoPE is not taken for one of this model.
 *
 * @param spec the model as it is run
 * @param digest of its source: the weights, however they are held
 * @param rounding how they are rounded for computing; null in float32
 */
export function cacheShape(
  spec: DecoderSpec,
  digest: string,
  rounding: string | null = null,
): CacheShape {
  const attentions = attentionsOf(spec);
  const states = convolutionsOf(spec).map(({ taps }) => ({ size: (taps - 1) * spec.hiddenSize }));
  const scales = attentions.map(({ scale }) => scale);
  const parts = [digest, spec.rotary, scales];
  const meaning = JSON.stringify(rounding === null ? parts : [...parts, rounding]);
  const rotations = spec.rotary.map((table) => rotationOf(table, spec));
  return {
    model: createHash('sha256').update(meaning).digest('hex'),
    weights: digest,
    layers: attentions.map(
      ({ keyValueHeads, queryHeads, headSize, window, rotary, sinks }): LayerShape => ({
        ...{ keyValueHeads, queryHeads, headSize, window },
        ...(rotary !== null && { rotation: rotations[rotary]! }),
        ...(sinks !== undefined && { hasSinks: true }),
      }),
    ),
    ...(states.length > 0 && { states }),
    ...(spec.positionAxes === undefined ? {} : { positionAxes: spec.positionAxes }),
  };
}

/** Unknown where the frequencies depend on the length of the sequence, or a token has several positions. */
function rotationOf(table: RotarySpec, spec: DecoderSpec): KeyRotation | 'unknown' {
  const { scaling } = table;
  const growsWithLength = scaling.kind === 'dynamic' || scaling.kind === 'longrope';
  if (spec.positionAxes !== undefined) return 'unknown';
  if (growsWithLength && spec.maximumPositions > scaling.trainedPositions) return 'unknown';
  return { frequencies: inverseFrequencies(table, 1), factor: rotaryAttentionFactor(scaling) };
}
