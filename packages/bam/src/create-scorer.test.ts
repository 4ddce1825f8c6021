import { readFile } from 'node:fs/promises';
import { openSafetensors } from '@namm/tensors';
import { randomNormals } from '@namm/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScorer } from './create-scorer.js';
import { NonFiniteScoreError } from './scorer.js';
import {
  parameterCount,
  parameterLayout,
  publishedBam,
  type ScorerSettings,
} from './scorer-settings.js';
import { slowScores } from './slow-scores.js';
import { fixture } from './testing/fixture.js';

/** Largest difference relative to the largest score, or to 1. */
function relativeDifference(actual: Float32Array, expected: Float64Array): number {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((max, score) => Math.max(max, Math.abs(score)), 1);
  return (
    expected.reduce((max, score, i) => Math.max(max, Math.abs(actual[i]! - score)), 0) / largest
  );
}

const wholeScorers = fc.oneof(
  fc.record({
    kind: fc.constant('bam' as const),
    features: fc.constantFrom(1, 4, 5, 24, 25, 31),
    hidden: fc.constantFrom(1, 3, 16, 32),
  }),
  fc.record({
    kind: fc.constant('mlp' as const),
    features: fc.constant(25),
    hidden: fc.constant(25),
    depth: fc.integer({ min: 2, max: 4 }),
    bias: fc.boolean(),
    residual: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('mlp' as const),
    features: fc.constant(9),
    hidden: fc.integer({ min: 1, max: 30 }),
    depth: fc.constant(3),
    bias: fc.boolean(),
    residual: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('linear' as const),
    features: fc.constant(25),
    bias: fc.boolean(),
  }),
);

/** The same, and with something taken away. */
const scorers: fc.Arbitrary<ScorerSettings> = fc.oneof(
  wholeScorers,
  fc.tuple(wholeScorers, fc.nat(30), fc.nat(30)).map(([settings, a, b]): ScorerSettings => {
    const from = a % settings.features;
    const visible = [from, from + 1 + (b % (settings.features - from))] as const;
    return { ...settings, visible, ...(settings.kind === 'bam' && { attention: b % 2 === 0 }) };
  }),
);

describe('createScorer', () => {
  it('gives the recorded scores of the reference, and keeps what it kept', async () => {
    const file = await openSafetensors(fixture('bam-scores.safetensors'));
    const cases = JSON.parse(await readFile(fixture('bam-scores.json'), 'utf8'));
    for (const { case: index, heads, n, keep_exact } of cases) {
      const parameters = await file.readFloat32(`c${index}.params`);
      const scorer = createScorer(publishedBam, parameters);
      const all = await file.readFloat32(`c${index}.features`);
      const mask = await file.readNumbers(`c${index}.mask`);
      const expected = await file.readFloat64(`c${index}.oracle64.scores`);
      const present = [...mask.keys()].filter((token) => mask[token] !== 0); // the others are padding
      for (let head = 0; head < heads; head++) {
        const rows = present.flatMap((token) => {
          const start = (head * n + token) * 25;
          return [...all.subarray(start, start + 25)];
        });
        const scores = scorer.score(Float32Array.from(rows), [present.length]);
        const own = Float64Array.from(present, (token) => expected[head * n + token]!);
        expect(relativeDifference(scores, own)).toBeLessThan(1e-5);
        expect(relativeDifference(scores, slowScores(publishedBam, parameters, rows))).toBeLessThan(
          1e-5,
        );
        const kept = present.filter((_, i) => scores[i]! >= 0 || i === present.length - 1);
        expect(kept).toEqual(keep_exact[head]);
      }
    }
  });

  it('bears logits that only newer tokens make large', () => {
    // The old tokens say almost nothing, but what they ask for, by its bias, meets large new ones.
    const parameters = randomNormals(5, parameterCount(publishedBam), 0.3);
    const values = randomNormals(6, 24 * 25, 1);
    const features = values.map((value, i) => value * (i < 16 * 25 ? 1e-4 : 300));
    const scores = createScorer(publishedBam, parameters).score(features, [24]);
    const expected = slowScores(publishedBam, parameters, features);
    for (const [from, to] of [
      [0, 16],
      [16, 24],
    ] as const) {
      const own = relativeDifference(scores.slice(from, to), expected.slice(from, to));
      expect(own).toBeLessThan(1e-4);
    }
  });

  it('agrees with the slow twin, for any sizes, lengths and parameters', () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0, 8, 256, 257, 300)), {
      maxLength: 4,
    });
    const deviations = fc.constantFrom(0, 0.065, 0.3, 2);
    fc.assert(
      fc.property(scorers, lengths, deviations, fc.nat(), (settings, counts, deviation, seed) => {
        const parameters = randomNormals(seed, parameterCount(settings), deviation);
        const tokens = counts.reduce((sum, count) => sum + count, 0);
        const features = randomNormals(seed + 1, tokens * settings.features);
        const scorer = createScorer(settings, parameters);
        const scores = scorer.score(features, counts);
        let start = 0;
        for (const count of counts) {
          const own = features.subarray(
            start * settings.features,
            (start + count) * settings.features,
          );
          const expected = slowScores(settings, parameters, own);
          // Parameters of 2 give logits in the thousands, whose rounding the softmax amplifies.
          const tolerance = deviation > 1 ? 2e-2 : 1e-5;
          const actual = scores.subarray(start, start + count);
          expect(relativeDifference(actual, expected)).toBeLessThan(tolerance);
          start += count;
        }
        expect(scorer.score(features, counts)).toEqual(scores); // nothing is left over from a call
      }),
      { numRuns: 60 },
    );
  });

  it('scores each head by itself, whatever else is in the batch', () => {
    const scorer = createScorer(publishedBam, randomNormals(1, 4172, 0.1));
    const features = randomNormals(2, 600 * 25);
    const batch = scorer.score(features, [300, 1, 0, 299]);
    expect(scorer.score(features.subarray(0, 300 * 25), [300])).toEqual(batch.subarray(0, 300));
    expect(scorer.score(features.subarray(301 * 25), [299])).toEqual(batch.subarray(301));
  });

  it('looks at newer tokens only', () => {
    const scorer = createScorer(publishedBam, randomNormals(1, 4172, 0.1));
    const features = randomNormals(3, 50 * 25);
    const scores = scorer.score(features, [50]);
    const changed = features.map((value, i) => (i < 20 * 25 ? value + 1 : value));
    expect(scorer.score(changed, [50]).subarray(20)).toEqual(scores.subarray(20));
    expect(scorer.score(features.slice(20 * 25), [30])).toEqual(scores.subarray(20));
  });

  it('does not see features that are not visible, nor other tokens without attention', () => {
    const parameters = randomNormals(1, 4172, 0.3);
    const features = randomNormals(2, 25 * 4);
    const change = (from: number, to: number) =>
      features.map((value, i) => (from <= i % 25 && i % 25 < to ? value + 1 : value));
    const noSpectrum = createScorer({ ...publishedBam, visible: [0, 8] }, parameters);
    expect(noSpectrum.score(change(8, 25), [4])).toEqual(noSpectrum.score(features, [4]));
    expect(noSpectrum.score(change(7, 8), [4])).not.toEqual(noSpectrum.score(features, [4]));
    const alone = createScorer({ ...publishedBam, attention: false }, parameters);
    expect(alone.score(features, [4])).toEqual(alone.score(features, [1, 1, 1, 1]));
    const together = createScorer(publishedBam, parameters).score(features, [4]);
    expect(alone.score(features, [4])).not.toEqual(together);
    expect(alone.score(features, [4])[3]).toBeCloseTo(together[3]!, 5); // the newest sees only itself
  });

  it('keeps everything with parameters of 0', () => {
    const scores = createScorer(publishedBam, new Float32Array(4172)).score(
      randomNormals(1, 2500),
      [100],
    );
    expect(scores.every((score) => Object.is(score, 0))).toBe(true);
  });

  it('stays finite and right where weights of attention differ by more than any float', () => {
    const parameters = randomNormals(4, 4172, 0.3).map((value, i) =>
      i < 2400 ? 30 * value : value,
    );
    const features = randomNormals(5, 300 * 25);
    const scores = createScorer(publishedBam, parameters).score(features, [300]);
    const expected = slowScores(publishedBam, parameters, features);
    const close = expected.filter((score, i) => Math.abs(scores[i]! - score) < 1e-3);
    expect(close.length).toBeGreaterThan(280); // two keys may share the lead within rounding
  });

  it('refuses what is not its size or not finite', () => {
    const scorer = createScorer(publishedBam, randomNormals(1, 4172, 0.1));
    const features = randomNormals(1, 250);
    expect(() => scorer.score(features, [9])).toThrow(/features: 250 numbers are not 9 tokens/);
    expect(() => scorer.score(features, [11, -1])).toThrow(/lengths: head 1 has -1 tokens/);
    expect(() => scorer.score(features, [9.5, 0.5])).toThrow(/lengths: head 0/);
    const withNaN = features.map((value, i) => (i === 100 ? Number.NaN : value));
    expect(() => scorer.score(withNaN, [2, 8])).toThrow(NonFiniteScoreError);
    expect(() => scorer.score(withNaN, [2, 8])).toThrow(/token 0 of head 1/);
    const infinite = features.map((value, i) => (i === 249 ? Number.POSITIVE_INFINITY : value));
    expect(() => scorer.score(infinite, [10])).toThrow(NonFiniteScoreError);
    expect(scorer.score(features, [10]).every(Number.isFinite)).toBe(true); // and goes on
    const linear = { kind: 'linear', features: 25, bias: false } as const;
    expect(() => createScorer(linear, randomNormals(1, 25)).score(withNaN, [10])).toThrow(
      /token 4/,
    );
  });

  it.each<[ScorerSettings | object, number, RegExp]>([
    [publishedBam, 4171, /4171 numbers where this bam scorer has 4172/],
    [{ kind: 'svm', features: 25 }, 1, /settings.kind: 'svm'/],
    [{ kind: 'bam', features: 0, hidden: 32 }, 1, /settings.features: 0/],
    [{ kind: 'bam', features: 25, hidden: 1e9 }, 1, /settings.hidden: 1000000000/],
    [{ kind: 'linear', features: 25 }, 1, /settings.bias: undefined/],
    [{ ...publishedBam, visible: [8, 26] }, 4172, /settings.visible: \[8,26\]/],
    [{ ...publishedBam, visible: 8 }, 4172, /settings.visible: \[8\]/],
    [{ ...publishedBam, attention: 'no' }, 4172, /settings.attention: no is neither/],
    [
      { kind: 'mlp', features: 25, hidden: 25, depth: 1, bias: true, residual: true },
      1,
      /depth: 1/,
    ],
    [{ kind: 'mlp', features: 25, hidden: 9, depth: 2, bias: true, residual: true }, 1, /residual/],
  ])('refuses settings and parameters: %j', (settings, count, problem) => {
    expect(() => createScorer(settings as ScorerSettings, new Float32Array(count))).toThrow(
      problem,
    );
  });

  it('refuses parameters that are not finite', () => {
    const parameters = new Float32Array(4172);
    parameters[7] = Number.NaN;
    expect(() => createScorer(publishedBam, parameters)).toThrow(/parameters: number 7 is NaN/);
  });
});

describe('parameterLayout', () => {
  it('is that of the published vector', () => {
    expect(parameterCount(publishedBam)).toBe(4172);
    expect(parameterLayout(publishedBam)).toEqual([
      { name: 'qkv.weight', offset: 0, shape: [25, 96] },
      { name: 'qkv.bias', offset: 2400, shape: [96] },
      { name: 'out.weight', offset: 2496, shape: [32, 50] },
      { name: 'out.bias', offset: 4096, shape: [50] },
      { name: 'score.weight', offset: 4146, shape: [25, 1] },
      { name: 'score.bias', offset: 4171, shape: [1] },
    ]);
  });

  it('counts MLP and linear scorers as published: 650 and 25 without biases', () => {
    const mlp = {
      kind: 'mlp',
      features: 25,
      hidden: 25,
      depth: 2,
      bias: false,
      residual: true,
    } as const;
    expect(parameterCount(mlp)).toBe(650);
    expect(parameterLayout({ ...mlp, bias: true }).map(({ name }) => name)).toEqual([
      'layer0.weight',
      'layer0.bias',
      'score.weight',
      'score.bias',
    ]);
    expect(parameterCount({ kind: 'linear', features: 25, bias: false })).toBe(25);
  });
});
