import type { Observation, Probe } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheUseError, Decoder } from '../src/index.js';
import type { PassKind } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet } from './helpers.js';

let model: RandomModel;
beforeAll(async () => {
  model = await randomModel();
});
afterAll(() => model.remove());

const ids = [3, 1, 4, 1, 5, 9, 2, 6];

/** What a policy was told of two passes, of 5 and of 3 tokens, per pass and layer. */
async function observe(
  offered: Probe,
  wanted: Probe,
  kind: PassKind = 'whole',
): Promise<Observation[][]> {
  const { policy, passes } = observer(wanted);
  const decoder = await Decoder.load(model.folder, { ...quiet, passes: kind, probe: offered });
  await feed(decoder, decoder.createCache({ policy }), ids, [5, 3]);
  await decoder.release();
  return passes.slice(0, 2);
}

/** Likewise of a sequence that is read beside six others, of other lengths. */
async function observeBeside(probe: Probe): Promise<Observation[][]> {
  const decoder = await Decoder.load(model.folder, { ...quiet, passes: 'layers', probe });
  const all = Array.from({ length: 7 }, () => observer(probe));
  const caches = all.map(({ policy }) => decoder.createCache({ policy }));
  const own = 4;
  for (const [from, to] of [
    [0, 5],
    [5, 8],
  ] as const) {
    const idsOf = (i: number) => (i === own ? ids.slice(from, to) : ids.slice(0, 1 + (i % 3)));
    await decoder.step(caches.map((cache, i) => ({ cache, input: { ids: idsOf(i) } })));
  }
  await decoder.release();
  return all[own]!.passes.slice(0, 2);
}

/** A policy that writes down what it is told, and evicts nothing. */
function observer(wanted: Probe) {
  const passes: Observation[][] = [[]];
  const state = {
    observe: (layer: number, observation: Observation) => {
      passes.at(-1)![layer] = observation;
    },
    select: async () => {
      passes.push([]);
      return [null, null];
    },
    retain: () => {},
    fork: () => state,
    save: () => new Map(),
    bytes: 0,
  };
  const start = () => state;
  const policy = { name: 'observer', settings: {}, probe: wanted, start, restore: start };
  return { policy, passes };
}

describe('probes', () => {
  it('report rows that sum to one and are causal', async () => {
    const [first] = await observe(
      { kind: 'lastQueries', count: 99 },
      { kind: 'lastQueries', count: 99 },
    );
    for (const { heads } of first!) {
      for (const head of heads) {
        for (let row = 0; row < 2 * 5; row++) {
          const attention = head.slice(row * 5, (row + 1) * 5);
          expect(Array.from(attention).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
          for (let key = (row % 5) + 1; key < 5; key++) expect(attention[key]).toBe(0);
        }
      }
    }
  });

  it('give column sums that are the group mean of the summed rows', async () => {
    const all = { kind: 'lastQueries', count: 99 } as const;
    const rows = await observe(all, all);
    const sums = await observe({ kind: 'columnSums' }, { kind: 'columnSums' });
    for (const [pass, count] of [5, 3].entries()) {
      const slots = pass === 0 ? 5 : 8;
      for (const [layer, { heads }] of rows[pass]!.entries()) {
        for (const [head, attention] of heads.entries()) {
          const expected = new Float64Array(slots);
          for (let row = 0; row < 2 * count; row++) {
            for (let key = 0; key < slots; key++) {
              expected[key]! += attention[row * slots + key]! / 2;
            }
          }
          const actual = sums[pass]![layer]!.heads[head]!;
          expect(largestDifference(actual, expected)).toBeLessThan(1e-6);
        }
      }
    }
  });

  it('give column maxima that are the largest of any row of any query head', async () => {
    const all = { kind: 'lastQueries', count: 99 } as const;
    const rows = await observe(all, all);
    const maxima = await observe({ kind: 'columnMaxima' }, { kind: 'columnMaxima' });
    for (const [pass, slots] of [5, 8].entries()) {
      for (const [layer, { heads }] of rows[pass]!.entries()) {
        for (const [head, attention] of heads.entries()) {
          const columns = Array.from({ length: slots }, (_, key) =>
            Math.max(...attention.filter((_, i) => i % slots === key)),
          );
          expect([...maxima[pass]![layer]!.heads[head]!]).toEqual(columns);
        }
      }
    }
  });

  it('give queries that, rotated, look at the keys as the model does', async () => {
    const all = { kind: 'lastQueries', count: 99 } as const;
    const rows = await observe(all, all);
    const queries = await observe({ kind: 'queries' }, { kind: 'queries' });
    const decoder = await Decoder.load(model.folder, quiet);
    const cache = decoder.createCache();
    await feed(decoder, cache, ids, [8]);
    for (const [pass, count] of [5, 3].entries()) {
      const slots = pass === 0 ? 5 : 8;
      for (const [layer, observation] of queries[pass]!.entries()) {
        const { headSize, rotation } = cache.shape.layers[layer]!;
        const { frequencies } = rotation as { frequencies: Float32Array };
        const pairs = frequencies.length;
        expect(observation).toMatchObject({ kind: 'queries', queries: count });
        for (const [head, own] of observation.heads.entries()) {
          expect(own.length).toBe(2 * count * headSize);
          const keys = cache.keys(layer, head);
          for (let row = 0; row < 2 * count; row++) {
            const position = slots - count + (row % count);
            const query = own.slice(row * headSize, (row + 1) * headSize);
            const rotated = Float64Array.from(query, (number, d) => {
              const angle = position * frequencies[d % pairs]!;
              const other = query[(d + pairs) % headSize]!;
              return number * Math.cos(angle) + (d < pairs ? -other : other) * Math.sin(angle);
            });
            const powers = Array.from({ length: slots }, (_, key) => {
              if (key > position) return 0;
              const dot = rotated.reduce((sum, q, d) => sum + q * keys[key * headSize + d]!, 0);
              return Math.exp(dot);
            });
            const total = powers.reduce((a, b) => a + b, 0);
            const attention = rows[pass]![layer]!.heads[head]!;
            const actual = attention.slice(row * slots, (row + 1) * slots);
            const expected = powers.map((power) => power / total);
            expect(largestDifference(actual, expected)).toBeLessThan(1e-5);
          }
        }
      }
    }
    await decoder.release();
  });

  it.each([
    { kind: 'lastQueries', count: 4 },
    { kind: 'columnSums' },
    { kind: 'columnMaxima' },
    { kind: 'queries' },
  ] as const)('are the same layer by layer, alone and beside others: $kind', async (probe) => {
    const expected = await observe(probe, probe);
    for (const actual of [await observe(probe, probe, 'layers'), await observeBeside(probe)]) {
      for (const [pass, layers] of expected.entries()) {
        for (const [layer, { heads }] of layers.entries()) {
          for (const [head, attention] of heads.entries()) {
            const other = actual[pass]![layer]!.heads[head]!;
            expect(largestDifference(other, attention)).toBeLessThan(1e-6);
          }
        }
      }
    }
  });

  it('serve a policy that asks for fewer rows with the last of them', async () => {
    const many = { kind: 'lastQueries', count: 4 } as const;
    const two = { kind: 'lastQueries', count: 2 } as const;
    expect(await observe(many, two)).toEqual(await observe(two, two));
  });

  it('are refused when the decoder does not compute them', async () => {
    await expect(observe({ kind: 'none' }, { kind: 'columnSums' })).rejects.toThrow(CacheUseError);
    await expect(
      observe({ kind: 'lastQueries', count: 2 }, { kind: 'lastQueries', count: 3 }),
    ).rejects.toThrow("of kind 'lastQueries'");
  });
});
