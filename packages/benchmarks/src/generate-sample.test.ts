import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solve } from '../test/solve.js';
import { countWords, testFiller } from '../test/test-filler.js';
import { attributeTokens } from './attribute-tokens.js';
import { generateSample, type SampleOptions } from './generate-sample.js';
import { splits } from './splits.js';
import { taskFamilies, taskFamily } from './task-families.js';
import { toPrompt } from './to-prompt.js';
import type { BenchmarkSample } from './types.js';

const defaults = {
  split: 'test',
  seed: 1,
  index: 0,
  filler: testFiller,
  countTokens: countWords,
} as const;
const anyOptions = fc.record<SampleOptions>({
  family: fc.constantFrom(...taskFamilies),
  length: fc.integer({ min: 80, max: 700 }),
  split: fc.constantFrom(...splits),
  seed: fc.integer({ min: 0, max: 2 ** 40 }),
  index: fc.integer({ min: 0, max: 2 ** 31 }),
  filler: fc.constant(testFiller),
  countTokens: fc.constant(countWords),
  distractorRate: fc.constantFrom(0, 6, 12),
  questionPlacement: fc.constantFrom('last', 'last', 'first'),
});
const anySample = anyOptions.map((options) => ({ ...options, length: options.length + 64 }));
const textOf = (sample: BenchmarkSample) => sample.segments.map(({ text }) => text).join('');
const planted = (sample: BenchmarkSample) =>
  sample.segments.filter(({ kind }) => kind === 'fact' || kind === 'stale');

describe('generateSample', () => {
  it('gives the same bytes for the same options', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        expect(JSON.stringify(generateSample(options))).toBe(
          JSON.stringify(generateSample(options)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('gives another sample for every index, seed, split and length', () => {
    const family = taskFamily('key-value');
    const variants = [
      {},
      { index: 1 },
      { seed: 2 },
      { split: 'train' as const },
      { length: 257 },
    ].map((change) => planted(generateSample({ ...defaults, family, length: 256, ...change })));
    expect(new Set(variants.map((facts) => JSON.stringify(facts))).size).toBe(variants.length);
  });

  it('never changes what a seed gives', () => {
    const sample = generateSample({
      ...defaults,
      family: taskFamily('single-document'),
      length: 64,
    });
    expect(textOf(sample)).toMatchInlineSnapshot(`
      " It was the 41th evening, and the test traveller went on. Gina has pet otter. Fiona has pet eagle. "Quiet!" he said; nobody spoke. Gina has sport golf. Fiona has sport boxing.
      Q: Fiona has pet eagle.
      Q: Gina has pet otter."
    `);
  });

  it('fills the length to within a piece of filler', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        const sample = generateSample(options);
        expect(sample.tokens).toBe(1 + countWords(textOf(sample)));
        expect(sample.tokens).toBeLessThanOrEqual(options.length);
        expect(sample.tokens).toBeGreaterThan(options.length - 24);
      }),
      { numRuns: 100 },
    );
  });

  it('asks only what can be answered from the facts, whatever the stale ones say', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        const sample = generateSample(options);
        const sentences = planted(sample).map(({ text }) => text);
        const { questions } = toPrompt(sample);
        questions.forEach(({ text, answer }, number) => {
          const asked = text || questions[number - 1]!.answer;
          expect(solve(sample.family, sentences, asked)).toBe(answer.trim());
        });
      }),
      { numRuns: 200 },
    );
  });

  it('marks the facts that each answer needs', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        const sample = generateSample(options);
        const { questions } = toPrompt(sample);
        questions.forEach(({ text, answer }, number) => {
          const needed = planted(sample)
            .filter((segment) => segment.questions?.includes(number))
            .map((segment) => segment.text);
          const asked = text || questions[number - 1]!.answer;
          expect(solve(sample.family, needed, asked)).toBe(answer.trim());
        });
      }),
      { numRuns: 100 },
    );
  });

  it('says no answer outside the facts', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        const sample = generateSample(options);
        const rest = sample.segments
          .filter(({ kind }) => kind === 'filler' || kind === 'distractor')
          .map(({ text }) => text)
          .join('');
        for (const { text } of toPrompt(sample).questions) {
          if (text !== '') expect(rest).not.toContain(text.replace('\nQ:', ''));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes filler of its own split and kind only', () => {
    fc.assert(
      fc.property(anySample, (options) => {
        expect(generateSample(options).filler).toBe(`${options.split}-${options.family.filler}`);
      }),
      { numRuns: 50 },
    );
  });

  it('shows no question before the last part unless asked to', () => {
    const options = { ...defaults, family: taskFamily('single-document'), length: 256 };
    const kinds = generateSample(options).segments.map(({ kind }) => kind);
    expect(kinds.slice(0, kinds.indexOf('question'))).not.toContain('answer');
    expect(kinds.slice(kinds.indexOf('question'))).not.toContain('fact');
    const first = generateSample({ ...options, questionPlacement: 'first' });
    expect(first.segments[0]!.kind).toBe('question');
    expect(toPrompt(first).questions).toHaveLength(4);
    expect(toPrompt(first).context.startsWith(first.segments[0]!.text)).toBe(true);
  });

  it('plants the stale facts asked for, and the later fact counts', () => {
    for (const name of ['single-document', 'key-value', 'code-variables']) {
      const size = { stale: 2 };
      const sample = generateSample({ ...defaults, family: taskFamily(name), length: 512, size });
      expect(planted(sample).filter(({ kind }) => kind === 'stale')).toHaveLength(2);
    }
  });

  it('reaches 16k tokens', () => {
    const sample = generateSample({ ...defaults, family: taskFamily('notes'), length: 16_384 });
    expect(sample.tokens).toBeGreaterThan(16_360);
  });

  it.each([63, 0, -1, 64.5, Number.NaN, 16_385])('refuses the length %s', (length) => {
    const family = taskFamily('notes');
    expect(() => generateSample({ ...defaults, family, length })).toThrow(InvalidArgumentError);
  });

  it('refuses what cannot be planted', () => {
    const family = taskFamily('single-document');
    const make = (change: Partial<SampleOptions>) => () =>
      generateSample({ ...defaults, family, length: 64, ...change });
    expect(make({ size: { facts: 30 } })).toThrow(/too few/);
    expect(make({ size: { facts: 2, questions: 3 } })).toThrow(InvalidArgumentError);
    expect(make({ size: { facts: 0 } })).toThrow(InvalidArgumentError);
    expect(make({ size: { stale: -1 } })).toThrow(InvalidArgumentError);
    expect(make({ distractorRate: -1 })).toThrow(InvalidArgumentError);
    expect(make({ seed: -1 })).toThrow(InvalidArgumentError);
  });
});

describe('attributeTokens', () => {
  it('gives every token one role, in order', () => {
    const sample = generateSample({ ...defaults, family: taskFamily('key-value'), length: 200 });
    const roles = attributeTokens(sample, countWords);
    expect(roles).toHaveLength(sample.tokens);
    expect(roles[0]!.kind).toBe('bos');
    // Eight facts of `Key amber holds river falcon.`; two words per answer.
    expect(roles.filter(({ kind }) => kind === 'fact')).toHaveLength(8 * 6);
    expect(roles.filter(({ kind }) => kind === 'answer')).toHaveLength(4 * 2);
  });
});
