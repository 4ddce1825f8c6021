import { describe, expect, it } from 'vitest';
import { MeasurementError } from '../measuring/measurement-error.js';
import { checkAgreement } from './agreement.js';

/** Two steps over a vocabulary of three. */
const choices = (tokens: number[], logits: number[]) => ({
  tokens,
  logits: Float32Array.from(logits),
});
const ours = choices([2, 0], [0, 1, 2, 5, 4.999, 0]);

describe('checkAgreement', () => {
  it('finds how close equal choices are', () => {
    const { sameTokens, margin, largestDifference } = checkAgreement(
      ours,
      choices([2, 0], [0, 1, 2.0005, 5, 4.999, 0]),
      0.01,
      'They',
    );
    expect([sameTokens, margin]).toEqual([2, 0]);
    expect(largestDifference).toBeCloseTo(0.0005, 6);
  });

  it('lets choices part at a tie, and looks no further', () => {
    const parted = choices([2, 1], [0, 1, 2, 5, 4.999, 0]);
    const { sameTokens, margin } = checkAgreement(ours, parted, 0.01, 'They');
    expect(sameTokens).toBe(1);
    expect(margin).toBeCloseTo(0.001, 5);
  });

  it.each([
    ['another choice', [2, 2], [...ours.logits], 'token 1 is 0 or 2'],
    ['another logit', [2, 0], [0, 1, 2, 5, 4.999, 0.1], 'logits of step 1 differ by 0.1'],
    ['NaN', [2, 0], [0, Number.NaN, 2, 5, 4.999, 0], 'logits of step 0 differ by NaN'],
    ['fewer tokens', [2], [0, 1, 2], 'different numbers of tokens'],
    ['a smaller vocabulary', [2, 0], [1, 2, 5, 4], 'vocabularies differ'],
  ])('refuses %s', (_, tokens, logits, problem) => {
    const compare = () => checkAgreement(ours, choices(tokens, logits), 0.01, 'They');
    expect(compare).toThrow(MeasurementError);
    expect(compare).toThrow(problem);
  });
});
