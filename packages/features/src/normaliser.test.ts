import { describe, expect, it } from 'vitest';
import { findNormaliserProblem, type Normaliser } from './normaliser.js';

const valid: Normaliser = {
  shape: [2, 1, 3],
  mean: Float32Array.of(0, 1, 2, 3, 4, 5),
  variance: new Float32Array(6).fill(1),
  count: Float64Array.of(10, 20),
};

describe('findNormaliserProblem', () => {
  it('finds none in valid statistics of either shape', () => {
    expect(findNormaliserProblem(valid, 3)).toBeNull();
    const shared = { ...valid, shape: [6], count: Float64Array.of(1) };
    expect(findNormaliserProblem(shared, 6)).toBeNull();
  });

  it.each<[Partial<Normaliser>, RegExp]>([
    [{ shape: [2, 3] }, /shape \[2,3\] is neither/],
    [{ shape: [6] }, /is neither/],
    [{ shape: [2, 1.5, 3] }, /is neither/],
    [{ shape: [3] }, /needs 3 means/],
    [{ variance: new Float32Array(5).fill(1) }, /5 variances/],
    [{ count: Float64Array.of(1) }, /1 counts where 2/],
    [{ count: Float64Array.of(1, 0) }, /count 0 is not/],
    [{ count: Float64Array.of(1, Number.NaN) }, /count NaN is not/],
    [{ mean: Float32Array.of(0, 0, 0, 0, Number.NaN, 0) }, /mean of feature 1 of head 1 is NaN/],
    [{ variance: new Float32Array(6) }, /variance of feature 0 of head 0 is 0/],
    [{ variance: new Float32Array(6).fill(Number.POSITIVE_INFINITY) }, /is Infinity/],
  ])('names what is wrong: %j', (change, problem) => {
    expect(findNormaliserProblem({ ...valid, ...change }, 3)).toMatch(problem);
  });
});
