import { describe, expect, it } from 'vitest';
import { firstUnread } from './unread-tokens.js';

describe('firstUnread', () => {
  // A first prompt of 20 tokens, and 30 tokens seen.
  it.each<[string, number, number, number | 'restart']>([
    ['continues', 40, 30, 30],
    ['continues by one token', 31, 30, 30],
    ['is what was read', 30, 30, 'restart'],
    ['departs after the first prompt', 40, 25, 'restart'],
    ['departs after the first prompt, and is shorter', 28, 21, 'restart'],
    ['departs right after the first prompt', 40, 20, 'restart'],
    ['is the beginning of what was read, beyond the first prompt', 25, 25, 'restart'],
    ['is the first prompt once more', 20, 20, 'restart'],
    ['is a beginning of the first prompt', 12, 12, 'restart'],
    ['is the first token', 1, 1, 'restart'],
    ['begins with something else', 10, 0, 0],
    ['begins with a few of the same tokens', 30, 19, 0],
  ])('%s: of %i tokens the first %i in common gives %s', (_, length, common, expected) => {
    expect(firstUnread(length, { seen: 30, firstPrompt: 20, common })).toBe(expected);
  });

  it.each([
    ['is the beginning of the first prompt, but longer than what was read', 31, 19],
    ['is longer than what was read, and something else', 40, 0],
  ])('cannot tell when the prompt %s', (_, length, common) => {
    expect(firstUnread(length, { seen: 30, firstPrompt: 20, common })).toBeNull();
  });

  it('does not take a very short first prompt for a sign', () => {
    const sofar = { seen: 30, firstPrompt: 3, common: 3 };
    expect(firstUnread(20, sofar)).toBeNull();
    expect(firstUnread(20, { ...sofar, common: 2 })).toBe(0);
    expect(firstUnread(40, { ...sofar, common: 30 })).toBe(30);
    expect(firstUnread(3, sofar)).toBe('restart');
  });
});
