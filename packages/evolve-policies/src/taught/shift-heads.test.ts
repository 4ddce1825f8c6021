import { scoreTokens, type TaughtMap, taughtMap } from '@namm/kv-cache';
import { expect, it } from 'vitest';
import { headsOf, shiftHeads } from './shift-heads.js';

const inputs = 2 * (2 * 3 + 1) + 1;
const layer = (seed: number) => ({
  ...{ keyValueHeads: 2, headSize: 3 },
  weights: Float32Array.from({ length: 2 * inputs }, (_, i) => Math.sin(seed + i)),
});
const map: TaughtMap = taughtMap('model', [layer(1), layer(2)], 0);
const quantiles = Float32Array.from({ length: 101 }, (_, percent) => percent / 34); // a spread of 1

it('adds to the scores of each head what is its own, in spreads', () => {
  expect(headsOf(map)).toBe(4);
  const shifted = shiftHeads({ map, quantiles }, [0, 0.5, -1, 2]);
  const features = Float64Array.from({ length: 2 * inputs }, (_, i) =>
    i % inputs === inputs - 1 ? 1 : Math.cos(i),
  );
  const scores = (of: TaughtMap) => scoreTokens(of, () => features);
  const [before, after] = [scores(map), scores(shifted)];
  for (const [at, shift] of [
    [[0, 0], 0],
    [[0, 1], 0.5],
    [[1, 0], -1],
    [[1, 1], 2],
  ] as const) {
    for (const row of [0, 1]) {
      const difference = after[at[0]]![at[1]]![row]! - before[at[0]]![at[1]]![row]!;
      expect(difference).toBeCloseTo(shift, 5);
    }
  }
  expect(map.layers[0]!.weights).toEqual(layer(1).weights); // the start stays as it is
  expect(shiftHeads({ map, quantiles }, new Float64Array(4)).digest).toBe(map.digest);
  const shared = taughtMap('model', map.layers, 2);
  expect(shiftHeads({ map: shared, quantiles }, [0, 1, 0, 0]).shared).toBe(2);
});

it('refuses another number of heads, and numbers that are none', () => {
  expect(() => shiftHeads({ map, quantiles }, [1])).toThrow('there are 1, not 4');
  expect(() => shiftHeads({ map, quantiles }, [1, NaN, 1, 1])).toThrow(/NaN/);
});
