import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { FeatureEncoder } from './feature-encoder.js';
import { FeatureState } from './feature-state.js';
import { type KeyFeature, keyFeatures, measureKeys } from './key-features.js';
import { SpectrumStatistics } from './spectrum-statistics.js';
import { randomAttention } from './testing/random-attention.js';

const random = new Random(4);
const rows = Array.from({ length: 40 }, () =>
  Float32Array.from({ length: 6 }, () => random.normal()),
);
const joined = (some: readonly Float32Array[]) =>
  Float32Array.from(some.flatMap((row) => [...row]));
const positions = Array.from({ length: 40 }, (_, i) => i);
const length = (row: ArrayLike<number>) => Math.hypot(...Array.from(row));

describe('measureKeys', () => {
  it('gives norms, and cosines with the mean unit key', () => {
    const [norms, cosines] = [0, 1].map((row) =>
      measureKeys(['norm', 'likeness'], [joined(rows)], 6, positions).subarray(
        row * 40,
        (row + 1) * 40,
      ),
    );
    const units = rows.map((row) => Array.from(row, (value) => value / length(row)));
    const mean = units[0]!.map((_, d) => units.reduce((sum, unit) => sum + unit[d]!, 0));
    for (const [slot, row] of rows.entries()) {
      expect(norms![slot]).toBeCloseTo(length(row), 5);
      const product = units[slot]!.reduce((sum, value, d) => sum + value * mean[d]!, 0);
      expect(cosines![slot]).toBeCloseTo(product / length(mean), 5);
    }
  });

  it('reads keys in several pieces as those in one', () => {
    const whole = measureKeys(['likeness', 'norm'], [joined(rows)], 6, positions);
    for (const cut of [0, 1, 17, 40]) {
      const pieces = [joined(rows.slice(0, cut)), joined(rows.slice(cut))];
      expect(measureKeys(['likeness', 'norm'], pieces, 6, positions)).toEqual(whole);
    }
  });

  it('averages over the cached tokens that are near, whatever was evicted in between', () => {
    const tokens = positions.map((position) => position + Math.floor(position / 3));
    const measured = measureKeys(keyFeatures, [joined(rows)], 6, tokens);
    const row = (feature: KeyFeature) => {
      const from = 40 * keyFeatures.indexOf(feature);
      return measured.subarray(from, from + 40);
    };
    for (const [own, nearby] of [
      ['norm', 'norm-nearby'],
      ['likeness', 'likeness-nearby'],
    ] as const) {
      for (const [slot, token] of tokens.entries()) {
        const near = row(own).filter((_, other) => Math.abs(tokens[other]! - token) <= 2);
        const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
        expect(row(nearby)[slot]).toBeCloseTo(mean, 5);
      }
    }
  });

  it('takes keys of zeros for like nothing', () => {
    expect([
      ...measureKeys(['likeness', 'norm'], [Float32Array.of(0, 0, 3, 4)], 2, [0, 1]),
    ]).toEqual([...[0, 1], ...[0, 5]]);
    expect([...measureKeys(['likeness'], [new Float32Array(4)], 2, [0, 1])]).toEqual([0, 0]);
    expect(measureKeys(['likeness', 'norm'], [new Float32Array(0)], 2, [])).toHaveLength(0);
  });

  it('refuses unknown features and broken keys', () => {
    expect(() => measureKeys(['length' as 'norm'], [], 2, [])).toThrow(
      /\[length\] are not some of/,
    );
    expect(() => measureKeys(['norm', 'norm'], [], 2, [])).toThrow(/each once/);
    expect(() => measureKeys(['norm'], [new Float32Array(3)], 2, [0])).toThrow(/not keys of 2/);
    expect(() => measureKeys(['norm'], [new Float32Array(3)], 0, [0])).toThrow(/not keys of 0/);
    expect(() => measureKeys(['norm'], [new Float32Array(4)], 2, [0])).toThrow(/1 are given for 2/);
  });
});

describe('key features', () => {
  const state = new FeatureState();
  state.observe(randomAttention(new Random(1), 40, 40), { queries: 40 });
  const two: readonly KeyFeature[] = ['norm', 'likeness'];
  const keys = measureKeys(two, [joined(rows)], 6, positions);
  const statistics = new SpectrumStatistics({ layers: 1, heads: 2, keys: 2 });
  for (const head of [0, 1]) statistics.add(state.spectrum(), { layer: 0, head }, keys);

  it('stand behind the spectrum, with mean 0 and variance 1', () => {
    for (const scope of ['shared', 'per-head'] as const) {
      const normaliser = statistics.normaliser(scope);
      expect(normaliser.shape.at(-1)).toBe(19);
      const encoder = new FeatureEncoder({ normaliser, keys: two });
      expect(encoder.size).toBe(27);
      const encoded = encoder.encode(state, { positions, newest: 39, head: 1, keys });
      for (const feature of [25, 26]) {
        const values = positions.map((slot) => encoded[slot * 27 + feature]!);
        const mean = values.reduce((sum, value) => sum + value, 0) / 40;
        expect(mean).toBeCloseTo(0, 5);
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 40;
        expect(variance).toBeCloseTo(1, 4);
      }
      const without = { ...normaliser, shape: [17], count: normaliser.count.slice(0, 1) };
      const published = new FeatureEncoder({
        normaliser: {
          ...without,
          mean: normaliser.mean.subarray(0, 17),
          variance: normaliser.variance.subarray(0, 17),
        },
      }).encode(state, { positions, newest: 39 });
      for (const slot of scope === 'shared' ? positions : []) {
        const own = encoded.subarray(slot * 27, slot * 27 + 25);
        expect(own).toEqual(published.subarray(slot * 25, (slot + 1) * 25));
      }
    }
  });

  it('are needed by an encoder that has them, and by no other', () => {
    const encoder = new FeatureEncoder({ normaliser: statistics.normaliser(), keys: two });
    expect(() => encoder.encode(state, { positions, newest: 39 })).toThrow(/0 key features; 80/);
    expect(() => new FeatureEncoder({ normaliser: statistics.normaliser() })).toThrow(
      /shape \[19\]/,
    );
    const none = new SpectrumStatistics({ layers: 1, heads: 1 });
    none.add(state.spectrum(), { layer: 0, head: 0 });
    const published = new FeatureEncoder({ normaliser: none.normaliser() });
    expect(() => published.encode(state, { positions, newest: 39, keys })).toThrow(
      /80 key features/,
    );
    expect(() => none.add(state.spectrum(), { layer: 0, head: 0 }, keys)).toThrow(/not \[0, 40\]/);
    expect(() => statistics.add(state.spectrum(), { layer: 0, head: 0 })).toThrow(/not \[2, 40\]/);
    expect(() => new SpectrumStatistics({ layers: 1, heads: 1, keys: -1 })).toThrow(/keys/);
  });
});
