import { describe, expect, it } from 'vitest';
import { answerFloor } from './answer-floor.js';

const full = { share: 1, answers: 0.8 };

describe('answerFloor', () => {
  it('is what the full cache answers on a part of the prompts, when nothing else is known', () => {
    expect(answerFloor(0.25, [full])).toBe(0.2);
    expect(answerFloor(0, [full])).toBe(0);
    expect(answerFloor(1, [full])).toBe(0.8); // to the last bit: the start of a search keeps everything
  });

  it('is the best known policy at its own share, and a mixture of two between', () => {
    const known = [full, { share: 0.5, answers: 0.6 }, { share: 0.25, answers: 0.1 }];
    expect(answerFloor(0.5, known)).toBe(0.6);
    expect(answerFloor(0.75, known)).toBeCloseTo(0.7, 12);
    expect(answerFloor(0.25, known)).toBeCloseTo(0.3, 12); // half empty, half the better one
  });

  it('does not demand of a policy what one does that keeps less', () => {
    const known = [full, { share: 0.5, answers: 0.9 }];
    expect(answerFloor(1, known)).toBe(0.8);
    expect(answerFloor(0.75, known)).toBeCloseTo(0.85, 12);
  });
});
