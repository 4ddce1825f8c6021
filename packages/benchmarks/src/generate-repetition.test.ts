import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWords } from '../test/test-filler.js';
import { generateRepetition } from './generate-repetition.js';

describe('generateRepetition', () => {
  it('repeats every word of the fact once, in pieces, within the length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 32, max: 512 }), fc.nat(), (length, index) => {
        const sample = generateRepetition({ length, seed: 3, index, countTokens: countWords });
        expect(sample.tokens).toBeLessThanOrEqual(length);
        const of = (...kinds: string[]) =>
          sample.segments
            .filter(({ kind }) => kinds.includes(kind))
            .flatMap(({ text }) => text.trim().split(' '));
        expect(of('question', 'answer').sort()).toEqual(of('fact').sort());
      }),
      { numRuns: 50 },
    );
  });

  it('refuses lengths that leave nothing to repeat', () => {
    const make = () =>
      generateRepetition({ length: 8, seed: 1, index: 0, countTokens: countWords });
    expect(make).toThrow(InvalidArgumentError);
  });
});
