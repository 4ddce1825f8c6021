import { ConfigReader } from '../source/config-reader.js';
import type { RotaryScaling, RotarySpec } from './rotary-spec.js';

const originalLength = 'original_max_position_embeddings';

export interface RotaryDefaults {
  readonly headSize: number;
  readonly base: number;
  readonly maximumPositions: number;
  /** Positions before an extension. @defaultValue maximumPositions */
  readonly trainedPositions?: number;
  /** Whether the family knows RoPE on part of each head. @defaultValue false */
  readonly partial?: boolean;
}

/**
 * Reads a rotary table from a model's configuration, in either dialect: `rope_theta` and
 * `rope_scaling` beside each other (transformers 4) or together in `rope_parameters` (transformers 5).
 *
 * @param config the model's configuration
 * @param defaults what holds where the configuration is silent
 * @param layerType for models whose `rope_parameters` differ by layer type (Gemma 3)
 */
export function readRotary(
  config: ConfigReader,
  defaults: RotaryDefaults,
  layerType?: string,
): RotarySpec {
  const all = config.optionalObject('rope_parameters');
  const parameters = (layerType && all?.optionalObject(layerType)) || all;
  const scaling = parameters ?? config.optionalObject('rope_scaling');
  const either = (key: string) => (parameters?.has(key) ? parameters : config);
  // The base beside the parameters is that of the layers that see everything.
  const base =
    layerType === 'sliding_attention' && !parameters?.has('rope_theta')
      ? defaults.base
      : either('rope_theta').number('rope_theta', { above: 0, default: defaults.base });
  const share = 'partial_rotary_factor';
  const size = defaults.partial
    ? Math.trunc(
        defaults.headSize * either(share).number(share, { above: 0, atMost: 1, default: 1 }),
      )
    : defaults.headSize;
  if (size < 2 || size % 2 !== 0) {
    config.fail(
      'head_dim',
      `RoPE rotates pairs, but ${size} of ${defaults.headSize} numbers are to be rotated`,
    );
  }
  return {
    size,
    base,
    scaling: readScaling(config, scaling, defaults, size),
    ...readAxes(scaling, size),
  };
}

/** M-RoPE: how many frequencies, in their order, rotate by the position along each axis (Qwen2-VL). */
function readAxes(scaling: ConfigReader | null, size: number): { axes?: readonly number[] } {
  const key = 'mrope_section';
  if (!scaling?.has(key)) return {};
  if (scaling.boolean('mrope_interleaved', false)) {
    scaling.fail('mrope_interleaved', 'interleaved axes are not supported');
  }
  const sections = scaling.optionalIntegers(key, 1)!;
  const total = sections.reduce((sum, count) => sum + count, 0);
  if (total !== size / 2 || sections.some((count) => count < 1)) {
    scaling.fail(key, `[${sections}] does not share out the ${size / 2} frequencies of a head`);
  }
  return { axes: sections.flatMap((count, axis) => new Array<number>(count).fill(axis)) };
}

/**
 * A rotary table from the parameters alone, as transformers' `rope_parameters` spell them.
 *
 * @param parameters such as `rope_theta`, `rope_type` and `factor`
 * @param headSize numbers per head
 * @param maximumPositions the model's `max_position_embeddings`
 * @returns the table
 * @throws {ModelFolderError} naming the invalid parameter
 *
 * @example
 * ```ts
 * const table = readRotaryParameters({ rope_theta: 1e4, rope_type: 'linear', factor: 2 }, 64, 2048);
 * ```
 */
export function readRotaryParameters(
  parameters: Readonly<Record<string, unknown>>,
  headSize: number,
  maximumPositions: number,
): RotarySpec {
  const config = new ConfigReader('rope_parameters', { rope_parameters: parameters });
  return readRotary(config, { headSize, base: 10_000, maximumPositions, partial: true });
}

function readScaling(
  config: ConfigReader,
  scaling: ConfigReader | null,
  defaults: RotaryDefaults,
  size: number,
): RotaryScaling {
  if (!scaling) return { kind: 'none' };
  const { maximumPositions } = defaults;
  const typeKey = scaling.has('rope_type') ? 'rope_type' : 'type';
  const type = scaling.text(typeKey, 'default');
  const factor = () => scaling.number('factor', { above: 0 });
  /** Positions before the extension: beside the scaling (as transformers prefers), else in it. */
  const trainedPositions = () => {
    const fallback = defaults.trainedPositions ?? maximumPositions;
    const where = config.has(originalLength) ? config : scaling;
    return where.number(originalLength, { above: 0, default: fallback });
  };
  switch (type) {
    case 'default':
    case 'mrope':
      return { kind: 'none' };
    case 'linear':
      return {
        kind: 'linear',
        factor: factor(),
        ...(scaling.has(originalLength) || config.has(originalLength)
          ? { trainedPositions: trainedPositions() }
          : {}),
      };
    case 'dynamic':
      requireNtkSize(scaling, size);
      return { kind: 'dynamic', factor: factor(), trainedPositions: maximumPositions };
    case 'ntk':
      requireNtkSize(scaling, size);
      return {
        kind: 'ntk',
        factor: factor(),
        alpha: scaling.number('alpha', { above: 0, default: 1 }),
      };
    case 'llama3':
      return {
        kind: 'llama3',
        factor: factor(),
        lowFrequencyFactor: scaling.number('low_freq_factor', { above: 0 }),
        highFrequencyFactor: scaling.number('high_freq_factor', { above: 0 }),
        trainedPositions: trainedPositions(),
      };
    case 'yarn': {
      const trained = trainedPositions();
      const extension = scaling.optionalNumber('factor') ?? maximumPositions / trained;
      return {
        kind: 'yarn',
        factor: extension,
        trainedPositions: trained,
        betaFast: scaling.optionalNumber('beta_fast') ?? 32,
        betaSlow: scaling.optionalNumber('beta_slow') ?? 1,
        truncate: scaling.boolean('truncate', true),
        attentionFactor: readYarnAttentionFactor(scaling, extension),
      };
    }
    case 'longrope':
    case 'su': {
      const trained = trainedPositions();
      if (trained < 2) scaling.fail(originalLength, `${trained} is below 2`);
      const extension = scaling.optionalNumber('factor') ?? maximumPositions / trained;
      const computed = extension <= 1 ? 1 : Math.sqrt(1 + Math.log(extension) / Math.log(trained));
      return {
        kind: 'longrope',
        shortFactors: scaling.numbers('short_factor', size / 2),
        longFactors: scaling.numbers('long_factor', size / 2),
        trainedPositions: trained,
        attentionFactor: scaling.optionalNumber('attention_factor') ?? computed,
      };
    }
    default:
      return scaling.fail(
        typeKey,
        `'${type}' is not a RoPE scaling this runtime knows (default, linear, dynamic, ntk, llama3, yarn, longrope)`,
      );
  }
}

/** The exponent of NTK-aware scaling, d/(d − 2), has no value for a single pair. */
function requireNtkSize(scaling: ConfigReader, size: number): void {
  if (size <= 2)
    scaling.fail('type', `NTK scaling needs more than ${size} rotated numbers per head`);
}

/** YaRN's temperature on the logits, as a factor on cos and sin: 0.1·m·ln(factor) + 1. */
function readYarnAttentionFactor(scaling: ConfigReader, factor: number): number {
  const temperature = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  // 0 means that it is not used.
  const notNegative = (key: string) =>
    scaling.has(key) ? scaling.number(key, { above: -Number.MIN_VALUE }) : 0;
  const scale = notNegative('mscale');
  const scaleAllDimensions = notNegative('mscale_all_dim');
  const computed =
    scale && scaleAllDimensions
      ? temperature(scale) / temperature(scaleAllDimensions)
      : temperature(1);
  return scaling.optionalNumber('attention_factor') ?? computed;
}
