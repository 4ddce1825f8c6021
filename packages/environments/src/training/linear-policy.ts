import { Random } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { EnvironmentShape } from '../contracts/environment.js';
import { purpose } from '../purpose.js';

/** A linear policy over normalised observations, as plain data: action = weights · (observation − mean) / deviation. */
export interface LinearPolicy {
  /** `actionSize` rows of `observationSize` numbers. */
  readonly weights: readonly number[];
  /** Of all observations that training has seen: their number, mean, and sum of squared differences from it. */
  readonly moments: {
    readonly count: number;
    readonly mean: readonly number[];
    readonly squares: readonly number[];
  };
}

/** The policy that does nothing, where training begins. */
export function emptyPolicy({ observationSize, actionSize }: EnvironmentShape): LinearPolicy {
  const zeros = (length: number): number[] => Array(length).fill(0);
  return {
    weights: zeros(observationSize * actionSize),
    moments: { count: 0, mean: zeros(observationSize), squares: zeros(observationSize) },
  };
}

/**
 * The agent of a linear policy.
 *
 * @param noise standard deviation of what is added to each number of an action, from the seed of the episode
 */
export function linearAgent({ weights, moments }: LinearPolicy, noise = 0): Agent {
  const { count, mean, squares } = moments;
  const size = mean.length;
  // A number that never changed says nothing and is left out.
  const scale = squares.map((sum) => {
    const deviation = count > 1 ? Math.sqrt(sum / (count - 1)) : count === 1 ? 0 : 1;
    return deviation < 1e-7 ? 0 : 1 / deviation;
  });
  const actionSize = weights.length / size;
  return {
    name: 'linear',
    begin(seed) {
      const random = new Random(seed, purpose.agent);
      const normalised = new Float64Array(size);
      return (observation) => {
        for (let i = 0; i < size; i++) normalised[i] = (observation[i]! - mean[i]!) * scale[i]!;
        const action = new Float32Array(actionSize); // as it is recorded
        for (let row = 0; row < actionSize; row++) {
          let sum = 0;
          for (let i = 0; i < size; i++) sum += weights[row * size + i]! * normalised[i]!;
          action[row] = noise === 0 ? sum : sum + noise * random.normal();
        }
        return action;
      };
    },
  };
}

/**
 * A policy moved along a random direction, which is named by its numbers and not stored.
 *
 * @param scale how far, and to which side
 */
export function perturbed(
  policy: LinearPolicy,
  { seed, iteration, index }: Direction,
  scale: number,
): LinearPolicy {
  const direction = directionOf({ seed, iteration, index }, policy.weights.length);
  const weights = policy.weights.map((weight, i) => weight + scale * direction[i]!);
  return { weights, moments: policy.moments };
}

/** Names a random direction. */
export interface Direction {
  readonly seed: number;
  readonly iteration: number;
  readonly index: number;
}

/** Independent standard normal numbers. */
export function directionOf({ seed, iteration, index }: Direction, size: number): Float64Array {
  const random = new Random(seed, purpose.directions, iteration, index);
  return Float64Array.from({ length: size }, () => random.normal());
}
