import { parameterCount, publishedBam } from '@namm/bam';
import { checkNames, Random } from '@namm/core';
import type { Normaliser } from '@namm/features';
import { type NammCheckpoint, publishedFeatures } from './checkpoint/checkpoint.js';

/** Standard deviation of the parameters: scores then differ between tokens. */
const deviation = 0.2;

export interface RandomNammOptions {
  readonly seed: number;
  /** Tokens between decisions. */
  readonly updateInterval: number;
  /** Of the model that it will run on, such as the one of a {@link SpectrumCollector}. */
  readonly normaliser: Normaliser;
}

/**
 * A NAMM of the published size with random parameters: it costs as much as a trained one that keeps as many tokens.
 *
 * @returns a checkpoint; the same for a seed
 *
 * @example
 * ```ts
 * const checkpoint = randomNamm({ seed: 1, updateInterval: 64, normaliser });
 * ```
 */
export function randomNamm(options: RandomNammOptions): NammCheckpoint {
  const names = ['seed', 'updateInterval', 'normaliser'] as const;
  const { seed, updateInterval, normaliser } = checkNames('randomNamm', options, names);
  const random = new Random(seed);
  return {
    scorer: publishedBam,
    parameters: Float32Array.from(
      { length: parameterCount(publishedBam) },
      () => deviation * random.normal(),
    ),
    normaliser,
    features: publishedFeatures,
    policy: { updateInterval, semantics: 'exact' },
    provenance: { random: seed },
  };
}

/**
 * Replaces a NAMM's parameters by random, normally distributed ones of the same norm: a control that has learned
 * nothing.
 *
 * @returns another checkpoint; the same for a seed
 */
export function withRandomParameters(checkpoint: NammCheckpoint, seed: number): NammCheckpoint {
  const random = new Random(seed);
  const drawn = checkpoint.parameters.map(() => random.normal());
  const scale = norm(checkpoint.parameters) / norm(drawn);
  const parameters = drawn.map((value) => value * scale);
  return { ...checkpoint, parameters, provenance: { random: seed } };
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
