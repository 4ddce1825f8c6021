import { InvalidArgumentError } from '@namm/core';
import type { NamedTensors } from '@namm/evolve';
import type { Normaliser } from '@namm/features';

/** A normaliser as the named tensors that a run saves. */
export function tensorsOf({ shape, mean, variance, count }: Normaliser): NamedTensors {
  return {
    mean: { shape, data: mean },
    variance: { shape, data: variance },
    count: { shape: shape.slice(0, -1), data: count },
  };
}

/** @throws {InvalidArgumentError} when they are not those of a normaliser */
export function normaliserOf({ mean, variance, count }: NamedTensors): Normaliser {
  const isSingle = (data: unknown): data is Float32Array => data instanceof Float32Array;
  if (mean && isSingle(mean.data) && variance && isSingle(variance.data) && count) {
    const { shape, data } = mean;
    return { shape, mean: data, variance: variance.data, count: Float64Array.from(count.data) };
  }
  throw new InvalidArgumentError('prepared', 'holds no mean, variance and count of a normaliser');
}
