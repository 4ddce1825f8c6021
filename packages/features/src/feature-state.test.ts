import { Random } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeatureEncoder } from './feature-encoder.js';
import { FeatureState } from './feature-state.js';
import { foldFrames } from './fold-frames.js';
import { bins } from './stft.js';
import type { Storage } from './stored-row.js';
import { randomAttention } from './testing/random-attention.js';
import { type SlowToken, slowSpectrum } from './testing/slow-spectrogram.js';

const storages = fc.constantFrom<Storage>('float16', 'float32');
/** Passes of a sequence, and after each of them which of its tokens stay (by a seed). */
const passes = fc.array(
  fc.record({ queries: fc.integer({ min: 1, max: 70 }), keep: fc.double({ min: 0.2, max: 1 }) }),
  { minLength: 1, maxLength: 5 },
);

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Everything that can be asked of a state. */
const contents = (state: FeatureState) => ({
  seen: state.seen,
  slots: state.slots,
  pending: state.pending(),
  spectrum: state.spectrum(),
});

function keptSlots(random: Random, slots: number, share: number): Uint32Array {
  const kept = Array.from({ length: slots - 1 }, (_, slot) => slot);
  return Uint32Array.from([...kept.filter(() => random.uniform() < share), slots - 1]);
}

/** Runs passes of random attention, keeping some tokens after each; `feed` says how it arrives. */
function run(
  state: FeatureState,
  sizes: readonly { queries: number; keep: number }[],
  seed: number,
  feed: (state: FeatureState, attention: Float32Array, queries: number) => void,
  onKept: (kept: Uint32Array) => void = () => {},
): FeatureState {
  const random = new Random(seed);
  for (const { queries, keep } of sizes) {
    const attention = randomAttention(random, queries, state.slots + queries);
    feed(state, attention, queries);
    const kept = keptSlots(random, state.slots, keep);
    state.retain(kept);
    onKept(kept);
  }
  return state;
}

const asBlock = (state: FeatureState, attention: Float32Array, queries: number) =>
  state.observe(attention, { queries });

/** Rows `start` … `end − 1` of causal attention, without the columns of tokens not yet born. */
function rowsOf(attention: Float32Array, queries: number, start: number, end: number) {
  const slots = attention.length / queries;
  const born = slots - queries + end;
  const rows = new Float32Array((end - start) * born);
  for (let row = start; row < end; row++) {
    const all = attention.subarray(row * slots, row * slots + born);
    rows.set(all, (row - start) * born);
  }
  return rows;
}

describe('FeatureState', () => {
  it('agrees with the recorded numbers of the reference, evictions included', async () => {
    const file = await openSafetensors(
      new URL('./__fixtures__/ragged-n64-head1.safetensors', import.meta.url).pathname,
    );
    const normaliser = {
      shape: [bins],
      mean: await file.readFloat32('norm_mean'),
      variance: await file.readFloat32('norm_var'),
      count: Float64Array.of(1),
    };
    const encoder = new FeatureEncoder({ normaliser });
    const state = new FeatureState({ storage: 'float32' });
    for (const window of ['w0', 'w1']) {
      const attention = await file.readFloat32(`${window}.attn`);
      state.observe(attention, { queries: 64, group: 2 });
      const positions = await file.readNumbers(`${window}.positions`);
      const average = await file.readFloat64(`${window}.oracle64.ema`);
      const spectrum = state.spectrum();
      const transposed = average.map(
        (_, i) => spectrum[(i % bins) * state.slots + Math.floor(i / bins)]!,
      );
      expect(largestDifference(transposed, average)).toBeLessThan(1e-6);

      const features = encoder.encode(state, { positions, newest: positions.at(-1)! });
      const expected = await file.readFloat64(`${window}.oracle64.features`);
      for (const [i, value] of expected.entries()) {
        const bin = (i % 25) - 8; // recency first
        const scale = bin < 0 ? 1 : Math.sqrt(normaliser.variance[bin]!);
        expect(Math.abs(features[i]! - value) * scale).toBeLessThan(bin < 0 ? 1e-7 : 1e-6);
      }
      state.retain(Uint32Array.from(await file.readNumbers(`${window}.kept_index`)));
    }
  });

  it('agrees with a slow twin that has no state', () => {
    fc.assert(
      fc.property(passes, fc.nat(), storages, (sizes, seed, storage) => {
        let tokens: SlowToken[] = [];
        let seen = 0;
        const observe = (own: FeatureState, attention: Float32Array, queries: number) => {
          own.observe(attention, { queries });
          for (let q = 0; q < queries; q++) tokens.push({ born: seen + q, column: [] });
          for (const [slot, { column }] of tokens.entries()) {
            for (let q = 0; q < queries; q++) {
              column[seen + q] = attention[q * tokens.length + slot]!;
            }
          }
          seen += queries;
        };
        const pick = (kept: Uint32Array) => {
          tokens = Array.from(kept, (slot) => tokens[slot]!);
        };
        const state = run(new FeatureState({ storage }), sizes, seed, observe, pick);
        const spectrum = state.spectrum();
        // Half precision rounds every value to 2^-11, of rows as of averages.
        const tolerance = storage === 'float32' ? 1e-6 : 3e-3;
        for (const [slot, token] of tokens.entries()) {
          for (const [k, value] of slowSpectrum(token, state.seen).entries()) {
            const difference = Math.abs(spectrum[k * state.slots + slot]! - value);
            expect(difference).toBeLessThanOrEqual(tolerance);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same bits for a block, chunks and rows, in any mixture, across evictions', () => {
    const splits = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(passes, fc.nat(), storages, splits, (sizes, seed, storage, cuts) => {
        const split = (state: FeatureState, attention: Float32Array, queries: number) => {
          let start = 0;
          for (const cut of [...cuts, queries]) {
            const end = Math.min(queries, start + cut);
            if (end === start) break;
            state.observe(rowsOf(attention, queries, start, end), { queries: end - start });
            start = end;
          }
        };
        const byRow = (state: FeatureState, attention: Float32Array, queries: number) => {
          for (let row = 0; row < queries; row++) {
            state.observe(rowsOf(attention, queries, row, row + 1), { queries: 1 });
          }
        };
        const whole = run(new FeatureState({ storage }), sizes, seed, asBlock);
        for (const feed of [split, byRow]) {
          const other = run(new FeatureState({ storage }), sizes, seed, feed);
          expect(contents(other)).toEqual(contents(whole));
          expect(other.save()).toEqual(whole.save());
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes in frames that were folded elsewhere as if it had seen the attention', () => {
    fc.assert(
      fc.property(passes, fc.nat(), storages, (sizes, seed, storage) => {
        const folded = (state: FeatureState, attention: Float32Array, queries: number) => {
          const { seen } = state;
          state.absorb(foldFrames({ seen, pending: state.pending(), attention, queries }));
        };
        const whole = run(new FeatureState({ storage }), sizes, seed, asBlock);
        const other = run(new FeatureState({ storage }), sizes, seed, folded);
        expect(other.pending()).toEqual(whole.pending());
        const tolerance = storage === 'float32' ? 1e-6 : 5e-3;
        expect(largestDifference(other.spectrum(), whole.spectrum())).toBeLessThan(tolerance);
      }),
      { numRuns: 30 },
    );
  });

  it('holds the kept tokens of the state before, after an eviction', () => {
    fc.assert(
      fc.property(passes, fc.nat(), storages, (sizes, seed, storage) => {
        const state = run(new FeatureState({ storage }), sizes, seed, asBlock);
        const { slots } = state;
        const before = { pending: state.pending(), spectrum: state.spectrum() };
        const kept = keptSlots(new Random(seed, 1), slots, 0.5);
        state.retain(kept);
        const pick = (values: Float32Array) =>
          Float32Array.from({ length: (values.length / slots) * kept.length }, (_, i) => {
            return values[Math.floor(i / kept.length) * slots + kept[i % kept.length]!]!;
          });
        expect(state.pending()).toEqual(pick(before.pending));
        expect(state.spectrum()).toEqual(pick(before.spectrum));
      }),
      { numRuns: 30 },
    );
  });

  it('costs at most 33 numbers per token at a hop boundary, 48 between, of 2 bytes', () => {
    for (const [storage, width] of [['float16', 2] as const, ['float32', 4] as const]) {
      const state = new FeatureState({ storage });
      const random = new Random(1);
      for (let token = 1; token <= 100; token++) {
        state.observe(randomAttention(random, 1, token), { queries: 1 });
        expect(state.bytes).toBeLessThanOrEqual(token * width * (token % 16 === 0 ? 33 : 48));
      }
      expect(state.bytes).toBeGreaterThan(0.8 * 100 * width * 33);
    }
  });

  it('forks, each going its own way, and continues from what it saved as if nothing had happened', () => {
    fc.assert(
      fc.property(passes, fc.nat(), storages, (sizes, seed, storage) => {
        const state = run(new FeatureState({ storage, decay: 0.97 }), sizes, seed, asBlock);
        const before = contents(state);
        const fork = state.fork();
        const restored = FeatureState.restore(state.save(), state);
        run(fork, sizes, seed + 1, asBlock);
        expect(contents(state)).toEqual(before);
        run(restored, sizes, seed + 1, asBlock);
        expect(contents(restored)).toEqual(contents(fork));
        expect(restored.save()).toEqual(fork.save());
      }),
      { numRuns: 20 },
    );
  });

  it('masks frames before the birth of a token where attention is not causal', () => {
    const random = new Random(3);
    const attention = new Float32Array(64 * 64);
    for (let row = 0; row < 64; row++) attention.set(randomAttention(random, 1, 64), row * 64);
    const state = new FeatureState({ storage: 'float32' });
    state.observe(attention, { queries: 64 });
    const spectrum = state.spectrum();
    for (let slot = 0; slot < 64; slot++) {
      const column = Array.from({ length: 64 }, (_, query) => attention[query * 64 + slot]!);
      for (const [k, value] of slowSpectrum({ born: slot, column }, 64).entries()) {
        expect(Math.abs(spectrum[k * 64 + slot]! - value)).toBeLessThan(1e-6);
      }
    }
    const folded = foldFrames({ seen: 0, pending: new Float32Array(0), attention, queries: 64 });
    expect(largestDifference(folded.spectrum, spectrum)).toBeLessThan(1e-6);
  });
});

describe('FeatureState refuses, and stays as it was:', () => {
  const attention = randomAttention(new Random(5), 20, 20);
  const withValue = (index: number, value: number) =>
    attention.map((old, i) => (i === index ? value : old));
  const folded = foldFrames({ seen: 0, pending: new Float32Array(0), attention, queries: 20 });
  const started = () => run(new FeatureState(), [{ queries: 7, keep: 0.5 }], 1, asBlock);
  const wide = { queries: 20, slots: 40 };
  const wideFold = () => {
    const state = started();
    const { seen } = state;
    const wideAttention = randomAttention(new Random(6), 20, state.slots + 20);
    return foldFrames({ seen, pending: state.pending(), attention: wideAttention, queries: 20 });
  };

  it('takes rows below one where a part goes to a sink, and there alone', () => {
    const half = attention.map((number) => number / 2);
    const state = new FeatureState({ hasSinks: true });
    state.observe(half, { queries: 20 });
    expect(state.fork().hasSinks).toBe(true);
    expect(() => state.observe(withValue(390, 1.5), { queries: 20 })).toThrow('not to at most 1');
    expect(() => new FeatureState().observe(half, { queries: 20 })).toThrow('not to 1;');
  });

  it.each<[string, (state: FeatureState) => void, RegExp]>([
    [
      'NaN',
      (s) => s.observe(withValue(30, Number.NaN), { queries: 20 }),
      /NaN at row 1, column 10/,
    ],
    [
      'a negative number',
      (s) => s.observe(withValue(399, -0.1), { queries: 20 }),
      /row 19, column 19/,
    ],
    ['a row above one', (s) => s.observe(withValue(390, 1.5), { queries: 20 }), /row 19 sums to/],
    [
      'infinity',
      (s) => s.observe(withValue(0, Number.POSITIVE_INFINITY), { queries: 20 }),
      /row 0 sums/,
    ],
    ['too few slots', (s) => s.observe(Float32Array.of(1), { queries: 1 }), /slots do not fit/],
    [
      'a part of a row',
      (s) => s.observe(attention.subarray(1), { queries: 20 }),
      /slots do not fit/,
    ],
    ['no attention', (s) => s.observe(new Float32Array(0), { queries: 1 }), /slots do not fit/],
    ['no query', (s) => s.observe(attention, { queries: 0 }), /queries: 0 is not/],
    ['half a head', (s) => s.observe(attention, { queries: 20, group: 0.5 }), /group: 0.5 is not/],
    ['slots out of order', (s) => s.retain(Uint32Array.of(1, 1)), /slot 1 is out of order/],
    ['slots out of range', (s) => s.retain(Uint32Array.of(0, 900)), /slot 900/],
    ['other rows', (s) => s.absorb({ ...folded, ...wide }), /spectrum: 340 numbers where 680/],
    [
      'a spectrum of NaN',
      (s) => {
        const fold = wideFold();
        s.absorb({ ...fold, spectrum: fold.spectrum.map(() => Number.NaN) });
      },
      /spectrum holds NaN/,
    ],
    [
      'rows of NaN',
      (s) => {
        const fold = wideFold();
        s.absorb({ ...fold, rows: fold.rows.map(() => Number.NaN) });
      },
      /NaN at row 0/,
    ],
    [
      'rows that are missing',
      (s) => {
        const fold = wideFold();
        s.absorb({ ...fold, rows: fold.rows.slice(1) });
      },
      /rows: \d+ numbers where/,
    ],
  ])('%s', (_, attempt, problem) => {
    const state = started();
    const before = contents(state);
    expect(() => attempt(state)).toThrow(problem);
    expect(contents(state)).toEqual(before);
    expect(state.save()).toEqual(started().save());
  });

  it('options out of range', () => {
    expect(() => new FeatureState({ decay: 1 })).toThrow(/decay: 1 is not between/);
    expect(() => new FeatureState({ storage: 'float64' as Storage })).toThrow(/storage: 'float64'/);
  });

  it('a saved state that cannot be', () => {
    const saved = started().save();
    const restore = (changes: Partial<typeof saved>) => () =>
      FeatureState.restore({ ...saved, ...changes });
    expect(restore({})).not.toThrow();
    const { lengths, numbers } = saved;
    for (const changed of [
      { numbers: numbers.subarray(1) as Uint16Array },
      { numbers: Float32Array.from(numbers) },
      { lengths: lengths.subarray(1) },
      { lengths: lengths.map((length) => length + 10_000) },
      { counts: Float64Array.of(1, Number.NaN) },
      { counts: Float64Array.of(-1, 3) },
      { counts: Float64Array.of(saved.counts[0]! + 1, saved.counts[1]!) },
      { counts: Float64Array.of(saved.counts[0]!) },
    ]) {
      expect(restore(changed), Object.keys(changed)[0]).toThrow(/not the state of a head/);
    }
    const wide = () => FeatureState.restore(saved, { storage: 'float32' });
    expect(wide).toThrow(/its numbers are not float32/);
  });
});
