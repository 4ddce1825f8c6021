import { checkNames, InvalidArgumentError } from '@namm/core';
import type { RotaryScaling } from '../rotary/rotary-spec.js';
import type { DecoderSpec } from './decoder-spec.js';
import { attentionsOf } from './layers-of.js';
import type { RopeScaling } from './rope-scaling.js';

/** Beyond it the softmax picks one token, and its input may overflow float32. */
const largestLogitFactor = 1000;

/**
 * The same model with a longer context.
 *
 * @param spec the model
 * @param ropeScaling how it reaches further
 * @throws {InvalidArgumentError} when a number is out of range, or the model has no RoPE or a scaling of
 *   its own already
 */
export function scaleRope(spec: DecoderSpec, ropeScaling: RopeScaling): DecoderSpec {
  checkNames('ropeScaling', ropeScaling, ['factor', 'kind', 'alpha', 'logitFactor']);
  const { factor, kind = 'ntk', alpha = 1, logitFactor = 1 } = ropeScaling;
  check(kind === 'ntk' || kind === 'yarn', 'kind', `'${kind}' is none of ntk, yarn`);
  check(factor >= 1 && Number.isFinite(factor), 'factor', `${factor} is not a number from 1 on`);
  check(alpha > 0 && Number.isFinite(alpha), 'alpha', `${alpha} is not a positive number`);
  check(kind === 'ntk' || alpha === 1, 'alpha', 'has no meaning with yarn; leave it out');
  check(
    logitFactor > 0 && logitFactor <= largestLogitFactor,
    'logitFactor',
    `${logitFactor} is not a positive number up to ${largestLogitFactor}`,
  );
  const longer = factor === 1 ? spec : extend(spec, { factor, kind, alpha });
  return logitFactor === 1 ? longer : scaleLogits(longer, logitFactor);
}

function extend(
  spec: DecoderSpec,
  { factor, kind, alpha }: Required<Omit<RopeScaling, 'logitFactor'>>,
): DecoderSpec {
  const refuse = (problem: string): never => {
    throw new InvalidArgumentError('ropeScaling', problem);
  };
  if (spec.rotary.length === 0) {
    refuse(`${spec.family} has no RoPE, so its positions cannot be extended`);
  }
  if (spec.rotary.some(({ size }) => size <= 2))
    refuse('needs more than one rotated pair per head');
  const scaled = spec.rotary.find(({ scaling }) => scaling.kind !== 'none');
  if (scaled) {
    const own = `the model's own RoPE scaling (${scaled.scaling.kind})`;
    refuse(`${own} is in the way; leave this option out`);
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
      attentionsOf(spec).some(({ rotary, window }) => rotary === index && window === null)
        ? { ...table, scaling }
        : table,
    ),
  };
}

function scaleLogits(spec: DecoderSpec, factor: number): DecoderSpec {
  return {
    ...spec,
    layers: spec.layers.map((layer) => {
      const { attention } = layer;
      return attention
        ? { ...layer, attention: { ...attention, scale: attention.scale * factor } }
        : layer;
    }),
  };
}

function check(holds: boolean, option: keyof RopeScaling, problem: string): void {
  if (!holds) throw new InvalidArgumentError(`ropeScaling.${option}`, problem);
}
