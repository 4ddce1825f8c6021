import { ConfigReader } from '../config-reader.js';
import type { RotaryScaling, RotarySpec } from './rotary-spec.js';

export interface RotaryDefaults {
  readonly headSize: number;
  readonly base: number;
  readonly maximumPositions: number;
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
  const base = (parameters ?? config).number('rope_theta', { above: 0, default: defaults.base });
  const share = (parameters?.has('partial_rotary_factor') ? parameters : config).number(
    'partial_rotary_factor',
    { above: 0, atMost: 1, default: 1 },
  );
  const size = Math.trunc(defaults.headSize * share);
  if (size < 2 || size % 2 !== 0) {
    config.fail(
      'head_dim',
      `RoPE rotates pairs, but ${size} of ${defaults.headSize} numbers are to turn`,
    );
  }
  return { size, base, scaling: readScaling(config, scaling, defaults.maximumPositions, size) };
}

/**
 * A rotary table from the parameters alone, as transformers' `rope_parameters` spell them.
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
  return readRotary(config, { headSize, base: 10_000, maximumPositions });
}

function readScaling(
  config: ConfigReader,
  scaling: ConfigReader | null,
  maximumPositions: number,
  size: number,
): RotaryScaling {
  if (!scaling) return { kind: 'none' };
  const typeKey = scaling.has('rope_type') ? 'rope_type' : 'type';
  const type = scaling.text(typeKey, 'default');
  const factor = () => scaling.number('factor', { above: 0 });
  /** Positions before the extension: in the scaling itself, else beside it, else the model's own. */
  const trainedPositions = () => {
    const key = 'original_max_position_embeddings';
    const holder = scaling.has(key) ? scaling : config;
    return holder.number(key, { above: 0, default: maximumPositions });
  };
  switch (type) {
    case 'default':
      return { kind: 'none' };
    case 'linear':
      return { kind: 'linear', factor: factor() };
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
    case 'yarn':
      return {
        kind: 'yarn',
        factor: factor(),
        trainedPositions: trainedPositions(),
        betaFast: scaling.number('beta_fast', { above: 0, default: 32 }),
        betaSlow: scaling.number('beta_slow', { above: 0, default: 1 }),
        truncate: scaling.boolean('truncate', true),
        attentionFactor: readYarnAttentionFactor(scaling, factor()),
      };
    case 'longrope':
    case 'su': {
      const trained = trainedPositions();
      const extension = scaling.number('factor', {
        above: 0,
        default: maximumPositions / trained,
      });
      const computed = extension <= 1 ? 1 : Math.sqrt(1 + Math.log(extension) / Math.log(trained));
      return {
        kind: 'longrope',
        shortFactors: scaling.numbers('short_factor', size / 2),
        longFactors: scaling.numbers('long_factor', size / 2),
        trainedPositions: trained,
        attentionFactor: scaling.number('attention_factor', { above: 0, default: computed }),
      };
    }
    default:
      return scaling.fail(
        typeKey,
        `'${type}' is no RoPE scaling this runtime knows (default, linear, dynamic, ntk, llama3, yarn, longrope)`,
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
  const scale = scaling.optionalNumber('mscale');
  const scaleAllDimensions = scaling.optionalNumber('mscale_all_dim');
  const computed =
    scale && scaleAllDimensions
      ? temperature(scale) / temperature(scaleAllDimensions)
      : temperature(1);
  return scaling.optionalNumber('attention_factor') ?? computed;
}
