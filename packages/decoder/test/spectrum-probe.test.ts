import { join } from 'node:path';
import { InvalidArgumentError, Random } from '@namm/core';
import {
  type EvictionPolicy,
  full,
  type Observation,
  type Probe,
  type SpectrumProbe,
} from '@namm/kv-cache';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { feed, largestDifference, quiet, slotsAt } from './helpers.js';

const folderOf = (name: string) => join(import.meta.dirname, '__fixtures__', name);
const random = new Random(7);
const window = 8;
const probe: SpectrumProbe = {
  kind: 'spectrum',
  kernel: Array.from({ length: 2 * 3 * window }, () => Math.fround(random.normal())),
  window,
  hop: 4,
};
const everything: Probe = { kind: 'lastQueries', count: 64 };
const ids = Array.from({ length: 45 }, (_, i) => (17 * i + 3) % 250);

/** A policy that evicts nothing, writes down what it is told, and hands out the rows a spectrum needs. */
function recording(own: Probe) {
  const told: Observation[][] = [];
  const pending = new Map<string, number[][]>();
  const policy: EvictionPolicy = {
    ...full(),
    probe: own,
    updateInterval: 16,
    start: (shape) => ({
      ...full().start(shape),
      observe(layer, observation) {
        if (layer === 0) told.push([]);
        told.at(-1)!.push(structuredClone(observation));
        for (const [head, rows] of observation.heads.entries()) {
          if (observation.kind !== 'spectrum') continue;
          const count = rowsAfter(seen(told.slice(0, -1)), observation.queries);
          const known = pending.get(`${layer}.${head}`) ?? Array.from({ length: 4 }, () => []);
          const slots = rows.length / count;
          for (let i = 0; i < count; i++)
            known.push(Array.from(rows.slice(i * slots, (i + 1) * slots)));
          pending.set(`${layer}.${head}`, known);
        }
      },
      ...(own.kind === 'spectrum' && {
        spectrumFeeds(queries: number) {
          const count = waiting(seen(told));
          return {
            weights: frameWeights(framesIn(seen(told), queries)),
            pending: count,
            rows: rowsAfter(seen(told), queries),
            pendingRows(layer: number, head: number) {
              const known = pending.get(`${layer}.${head}`) ?? Array.from({ length: 4 }, () => []);
              const slots = Math.max(...known.map(({ length }) => length));
              const rows = known.slice(-count);
              return Float32Array.from(
                rows.flatMap((row) => Array.from({ length: slots }, (_, i) => row[i] ?? 0)),
              );
            },
          };
        },
      }),
    }),
  };
  return { policy, told };
}

const seen = (told: readonly Observation[][]) =>
  told.reduce((sum, [first]) => sum + (first!.kind === 'spectrum' ? first!.queries : 0), 0);

/** Rows that wait for their frame, frames that end in a pass, and rows that wait after it: 8 queries, 4 apart. */
const waiting = (queries: number) => 4 + (queries % 4);
const framesIn = (before: number, queries: number) => Math.floor(((before % 4) + queries) / 4);
const rowsAfter = (before: number, queries: number) => Math.min(queries, waiting(before + queries));
const frameWeights = (frames: number) =>
  Float32Array.from({ length: frames }, (_, f) => (1 - 0.9 ** 4) * (0.9 ** 4) ** (frames - 1 - f));

/** The definition, with plain loops: attention of all queries so far, `[query][slot]`. */
function spectrumOf(rows: readonly number[][], queries: number, slots: number): number[] {
  const ends = rows.map((_, q) => q + 1).filter((q) => q % 4 === 0 && q > rows.length - queries);
  const weight = 0.9 ** 4;
  return Array.from({ length: 3 * slots }, (_, i) => {
    const [bin, slot] = [Math.floor(i / slots), i % slots];
    let sum = 0;
    for (const [f, end] of ends.entries()) {
      let [real, imaginary] = [0, 0];
      for (let n = 0; n < window; n++) {
        const value = rows[end - window + n]?.[slot] ?? 0;
        real += probe.kernel[bin * window + n]! * value;
        imaginary += probe.kernel[(3 + bin) * window + n]! * value;
      }
      sum += (1 - weight) * weight ** (ends.length - 1 - f) * Math.hypot(real, imaginary);
    }
    return sum;
  });
}

describe.each([
  ['llama-base', 'whole'],
  ['gemma3-text', 'whole'],
  ['gemma3-text', 'layers'],
  ['gpt2-hub-names', 'layers'],
] as const)('a spectrum of %s, passes: %s', (name, passes) => {
  it('is what its definition says, whatever the passes are', async () => {
    const spectral = recording(probe);
    const plain = recording(everything);
    for (const { policy } of [spectral, plain]) {
      const decoder = await Decoder.load(folderOf(name), {
        ...{ ...quiet, passes },
        chunkSize: 12,
        probe: policy.probe,
      });
      const cache = decoder.createCache({ policy, keepOutsideWindow: true });
      await feed(decoder, cache, ids, [13, 1, 1, 5, 20, 1, 4]);
      await decoder.release();
    }
    expect(plain.told.length).toBe(spectral.told.length);
    const attention = new Map<string, number[][]>();
    let compared = 0;
    for (const [pass, layers] of spectral.told.entries()) {
      for (const [layer, observation] of layers.entries()) {
        const whole = plain.told[pass]![layer]!;
        if (observation.kind !== 'spectrum' || whole.kind !== 'lastQueries') throw new Error();
        for (const [head, rows] of whole.heads.entries()) {
          const key = `${layer}.${head}`;
          const known = attention.get(key) ?? [];
          const slots = known.length + whole.rows;
          const group = rows.length / (whole.rows * slots);
          for (let q = 0; q < whole.rows; q++) {
            known.push(
              Array.from({ length: slots }, (_, slot) => {
                let sum = 0;
                for (let g = 0; g < group; g++) sum += rows[(g * whole.rows + q) * slots + slot]!;
                return sum / group;
              }),
            );
          }
          attention.set(key, known);
          const last = observation.heads[head]!;
          const lastRows = known.slice(-last.length / slots).flat();
          expect(largestDifference(last, lastRows)).toBeLessThan(1e-6);
          const spectrum = observation.spectra[head]!;
          const frames = framesIn(known.length - whole.rows, whole.rows);
          expect(spectrum.length).toBe(frames === 0 ? 0 : 3 * slots);
          if (frames === 0) continue;
          expect(largestDifference(spectrum, spectrumOf(known, whole.rows, slots))).toBeLessThan(
            1e-5,
          );
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('changes nothing for caches whose policy does not ask for it', async () => {
    const logits: number[][] = [];
    for (const own of [probe, { kind: 'none' }] as const) {
      const options = { ...quiet, passes, chunkSize: 8, probe: own };
      const decoder = await Decoder.load(folderOf(name), options);
      const cache = decoder.createCache();
      await feed(decoder, cache, ids.slice(0, 20));
      cache.keep(slotsAt(cache, (_, head, position) => (position + head) % 3 > 0));
      logits.push(await feed(decoder, cache, ids.slice(20), [3, 1, 21]));
      await decoder.release();
    }
    expect(largestDifference(logits[0]!, logits[1]!)).toBeLessThan(1e-5);
  });
});

it('is refused when it cannot be', async () => {
  const load = (changes: Partial<SpectrumProbe>) =>
    Decoder.load(folderOf('llama-base'), { ...quiet, probe: { ...probe, ...changes } });
  await expect(load({ hop: 3 })).rejects.toThrow(InvalidArgumentError);
  await expect(load({ kernel: [1, 2, 3] })).rejects.toThrow('probe.kernel');
});
