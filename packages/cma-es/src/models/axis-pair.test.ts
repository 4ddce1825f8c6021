import { describe, expect, it } from 'vitest';
import { fillNormals } from '../normals/fill-normals.js';
import { ratesOf } from '../rates/rates.js';
import { AxisPair } from './axis-pair.js';
import { addScaled, dot } from './vector-math.js';

const n = 50;
const populationSize = 15;
const rates = ratesOf('pycma', n, populationSize, 'separable');
const axis = Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const length = Math.sqrt(dot(axis, axis));
const unit = axis.map((value) => value / length);

/** Axes after generations that are ranked by what `cost` makes of F z. */
function adapted(cost: (step: Float64Array) => number, generations: number): AxisPair {
  const axes = new AxisPair(n);
  for (let generation = 0; generation < generations; generation++) {
    const candidates = Array.from({ length: populationSize }, (_, index) => {
      const normal = new Float64Array(n);
      fillNormals(normal, 7, [generation, index, 0]);
      const step = new Float64Array(n);
      axes.transform(normal, step);
      return { normal, step };
    });
    candidates.sort((a, b) => cost(a.step) - cost(b.step));
    const normals = candidates.map(({ normal }) => normal);
    const meanNormal = new Float64Array(n);
    for (const [rank, normal] of normals.entries()) {
      addScaled(meanNormal, Math.max(0, rates.weights[rank]!), normal);
    }
    const step = (rank: number) => candidates[rank]!.step;
    const { weights } = rates;
    const rest = { meanStep: meanNormal, pathMoves: true, negativeScale: () => 1 };
    axes.update({ step, normals, weights, meanNormal, rates, ...rest });
  }
  return axes;
}

const stateOf = (axes: AxisPair) => {
  const { longAxis, shortAxis, axes: logs } = axes.save();
  return { long: longAxis as Float64Array, short: shortAxis as Float64Array, logs: logs! };
};

describe('AxisPair', () => {
  it('shortens the axis along which samples are too long', () => {
    const { short, logs } = stateOf(adapted((step) => dot(unit, step) ** 2, 300));
    expect(Math.abs(dot(short, unit))).toBeGreaterThan(0.95);
    expect(logs[1]!).toBeLessThan(-2);
    expect(logs[0]!).toBeLessThan(0.7);
  });

  it('lengthens the axis along which progress is made', () => {
    const { long, logs } = stateOf(
      adapted((step) => dot(unit, step) + 0.1 * (dot(step, step) - dot(unit, step) ** 2), 300),
    );
    expect(Math.abs(dot(long, unit))).toBeGreaterThan(0.9);
    expect(logs[0]!).toBeGreaterThan(2);
  });

  it('stays near the identity where the ranking is chance', () => {
    let count = 0;
    const { logs } = stateOf(adapted(() => Math.sin(1e4 * ++count), 500));
    expect(Math.abs(logs[0]!) + Math.abs(logs[1]!)).toBeLessThan(1.5);
  });

  it('has two orthogonal axes of length 1, and an inverse', () => {
    const axes = adapted((step) => dot(unit, step) ** 2 - step[0]!, 100);
    const { long, short } = stateOf(axes);
    expect(dot(long, long)).toBeCloseTo(1, 12);
    expect(dot(short, short)).toBeCloseTo(1, 12);
    expect(dot(long, short)).toBeCloseTo(0, 12);
    const normal = new Float64Array(n);
    fillNormals(normal, 1, [0, 0, 0]);
    const [step, back] = [new Float64Array(n), new Float64Array(n)];
    axes.transform(normal, step);
    axes.whiten(step, back);
    for (let i = 0; i < n; i++) expect(back[i]!).toBeCloseTo(normal[i]!, 10);
  });
});
