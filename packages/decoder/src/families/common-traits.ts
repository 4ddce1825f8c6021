import { readRotary } from '../rotary/read-rotary.js';
import type { ConfigReader } from '../source/config-reader.js';
import { type GatedDecoderTraits, readHeads } from './gated-decoder.js';

/** What a family assumes where a configuration is silent. */
export interface FamilyDefaults {
  /** `max_position_embeddings`. */
  readonly maximumPositions: number;
  /** @defaultValue hidden size over query heads */
  readonly headSize?: number;
  /** @defaultValue 10,000 */
  readonly ropeBase?: number;
  /** `original_max_position_embeddings`. @defaultValue maximumPositions */
  readonly trainedPositions?: number;
  /** Whether the family knows RoPE on part of each head. @defaultValue false */
  readonly partialRotary?: boolean;
  /** Sliding window per layer. @defaultValue none slides */
  readonly windows?: readonly (number | null)[];
}

/** The traits of a family with one RoPE table that all its layers use. */
export function commonTraits(
  config: ConfigReader,
  defaults: FamilyDefaults,
): Pick<GatedDecoderTraits, 'headSize' | 'maximumPositions' | 'rotary' | 'layer'> {
  const { headSize } = readHeads(config, defaults.headSize);
  const maximumPositions = config.count('max_position_embeddings', defaults.maximumPositions);
  const { ropeBase: base = 10_000, trainedPositions, partialRotary = false, windows } = defaults;
  const rotaryDefaults = { headSize, base, maximumPositions, partial: partialRotary };
  return {
    headSize,
    maximumPositions,
    rotary: [
      readRotary(config, { ...rotaryDefaults, ...(trainedPositions ? { trainedPositions } : {}) }),
    ],
    layer: (index) => ({ window: windows?.[index] ?? null, rotary: 0 }),
  };
}

/** Biases on all four matrices of the attention, where `attention_bias` says so. */
export function attentionBias(
  config: ConfigReader,
): Pick<GatedDecoderTraits, 'queryKeyValueBias' | 'outputBias'> {
  const bias = config.boolean('attention_bias', false);
  return { queryKeyValueBias: bias, outputBias: bias };
}
