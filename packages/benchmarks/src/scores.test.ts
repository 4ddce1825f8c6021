import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { exactMatch, macroMean, meanByFamily } from './scores.js';

describe('scores', () => {
  it('compares answers without the white space around them', () => {
    expect(exactMatch(' falcon', 'falcon ')).toBe(1);
    expect(exactMatch(' falcon.', ' falcon')).toBe(0);
    expect(exactMatch('', ' falcon')).toBe(0);
  });

  it('weighs families alike', () => {
    const scores = [1, 1, 1, 0].map((score) => ({ family: 'a', score }));
    const all = [...scores, { family: 'b', score: 0 }];
    expect([...meanByFamily(all)]).toEqual([
      ['a', 0.75],
      ['b', 0],
    ]);
    expect(macroMean(all)).toBe(0.375);
  });

  it('refuses nothing at all', () => {
    expect(() => macroMean([])).toThrow(InvalidArgumentError);
  });
});
