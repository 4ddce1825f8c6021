import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { FeatureEncoder } from './feature-encoder.js';
import { FeatureState } from './feature-state.js';
import { RecencyEmbedding } from './recency-embedding.js';
import { randomAttention } from './testing/random-attention.js';

const state = new FeatureState();
state.observe(randomAttention(new Random(1), 40, 40), { queries: 40 });
const positions = Array.from({ length: 40 }, (_, i) => i);
const perHead = {
  shape: [2, 3, 17],
  mean: Float32Array.from({ length: 102 }, (_, i) => i),
  variance: Float32Array.from({ length: 102 }, (_, i) => i + 1),
  count: new Float64Array(6).fill(7),
};

describe('FeatureEncoder', () => {
  it('puts recency before the spectrum, normalised by the statistics of the head', () => {
    const encoder = new FeatureEncoder({ normaliser: perHead, recency: { dimension: 4 } });
    expect(encoder.size).toBe(21);
    const target = new Float32Array(40 * 21);
    const rows = encoder.encode(state, { positions, newest: 39, layer: 1, head: 2 }, target);
    expect(rows).toBe(target);
    const recency = new RecencyEmbedding({ dimension: 4 });
    const spectrum = state.spectrum();
    for (const slot of positions) {
      const row = rows.subarray(slot * 21, (slot + 1) * 21);
      expect(row.subarray(0, 4)).toEqual(recency.row(39 - slot));
      for (let k = 0; k < 17; k++) {
        const statistics = 5 * 17 + k;
        const expected = (spectrum[k * 40 + slot]! - statistics) / Math.sqrt(statistics + 1);
        expect(row[4 + k]).toBeCloseTo(expected, 5);
      }
    }
  });

  it('bounds deviations from below', () => {
    const normaliser = {
      shape: [17],
      mean: new Float32Array(17),
      variance: new Float32Array(17).fill(1e-30),
      count: Float64Array.of(1),
    };
    const rows = new FeatureEncoder({ normaliser }).encode(state, { positions, newest: 39 });
    expect(rows[8]).toBe(Math.fround(state.spectrum()[0]! / 1e-7));
  });

  it('refuses what does not fit', () => {
    const encoder = new FeatureEncoder({ normaliser: perHead });
    const encode = (change: object, target?: Float32Array) => () =>
      encoder.encode(state, { positions, newest: 39, ...change }, target);
    expect(encode({ positions: [1] })).toThrow(/1 positions/);
    expect(encode({}, new Float32Array(3))).toThrow(/room for 3 numbers/);
    expect(encode({ newest: 38 })).toThrow(/slot 39 has position 39, not at most the newest, 38/);
    expect(encode({ newest: 39.5 })).toThrow(/slot 0 has position 0/);
    expect(encode({ layer: 2 })).toThrow(/layer 2, head 0: the normaliser has 2 layers of 3 heads/);
    expect(encode({ head: -1 })).toThrow(/head -1/);
    const variance = new Float32Array(102);
    expect(() => new FeatureEncoder({ normaliser: { ...perHead, variance } })).toThrow(
      /normaliser: the variance of feature 0 of head 0 is 0/,
    );
  });
});
