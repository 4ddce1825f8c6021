import { InvalidArgumentError } from '@namm/core';
import type { RotaryScaling } from '../rotary/rotary-spec.js';
import type { DecoderSpec } from './decoder-spec.js';

/** How RoPE reaches beyond the length that the model was trained for. */
export interface ContextExtension {
  /** Run length over training length; the position limit grows by it. */
  readonly factor: number;
  /**
   * - `ntk`, static and NTK-aware: base′ = base·((α·factor) − (α − 1))^(d/(d−2)), d the rotated numbers per
   *   head. High frequencies, which tell neighbours apart, stay; low ones stretch.
   * - `yarn` (Peng et al. 2023, https://arxiv.org/abs/2309.00071): frequencies that turn more than 32 times
   *   within the training length stay, those that turn less than once are divided by the factor, with a ramp
   *   between; and the logits grow by (0.1·ln(factor) + 1)².
   * @defaultValue 'ntk'
   */
  readonly kind?: 'ntk' | 'yarn';
  /**
   * With `ntk`: how strongly the base grows beyond what `factor` calls for.
   * @defaultValue 1
   */
  readonly alpha?: number;
}

/**
 * The same model with a longer context.
 *
 * @throws {InvalidArgumentError} when a number is out of range, or the model has no RoPE or a scaling of
 *   its own already
 */
export function extendContext(spec: DecoderSpec, extension: ContextExtension): DecoderSpec {
  const { factor, kind = 'ntk', alpha = 1 } = extension;
  if (kind !== 'ntk' && kind !== 'yarn') {
    throw new InvalidArgumentError('contextExtension.kind', `'${kind}' is none of ntk, yarn`);
  }
  if (kind === 'yarn' && extension.alpha !== undefined) {
    throw new InvalidArgumentError('contextExtension.alpha', 'has no meaning with yarn');
  }
  if (!Number.isFinite(factor) || factor < 1) {
    throw new InvalidArgumentError(
      'contextExtension.factor',
      `${factor} is not a number from 1 on`,
    );
  }
  if (!Number.isFinite(alpha) || alpha <= 0) {
    throw new InvalidArgumentError('contextExtension.alpha', `${alpha} is not a positive number`);
  }
  if (spec.rotary.length === 0) {
    throw new InvalidArgumentError(
      'contextExtension',
      `${spec.family} has learned positions, which cannot be extended`,
    );
  }
  if (spec.rotary.some(({ size }) => size <= 2)) {
    throw new InvalidArgumentError('contextExtension', 'needs more than one rotated pair per head');
  }
  const scaled = spec.rotary.find(({ scaling }) => scaling.kind !== 'none');
  if (scaled) {
    const problem = `the model's own RoPE scaling (${scaled.scaling.kind}) is in the way; leave this option out`;
    throw new InvalidArgumentError('contextExtension', problem);
  }
  const scaling: RotaryScaling =
    kind === 'ntk'
      ? { kind, factor, alpha }
      : {
          kind,
          factor,
          trainedPositions: spec.maximumPositions,
          betaFast: 32,
          betaSlow: 1,
          truncate: true,
          attentionFactor: 0.1 * Math.log(factor) + 1,
        };
  return {
    ...spec,
    maximumPositions: Math.floor(spec.maximumPositions * factor),
    // A table that only sliding layers use never sees a longer distance than in training.
    rotary: spec.rotary.map((table, index) =>
      spec.layers.some(({ attention }) => attention.rotary === index && attention.window === null)
        ? { ...table, scaling }
        : table,
    ),
  };
}

/** Beyond it the softmax picks one token, and its input may overflow float32. */
const largestLogitFactor = 1000;

/**
 * The same model with all attention logits multiplied by a factor.
 *
 * @throws {InvalidArgumentError} when the factor is not positive
 */
export function scaleAttention(spec: DecoderSpec, factor: number): DecoderSpec {
  if (!(factor > 0 && factor <= largestLogitFactor)) {
    const problem = `${factor} is not a positive number up to ${largestLogitFactor}`;
    throw new InvalidArgumentError('attentionLogitFactor', problem);
  }
  return {
    ...spec,
    layers: spec.layers.map((layer) => ({
      ...layer,
      attention: { ...layer.attention, scale: layer.attention.scale * factor },
    })),
  };
}
