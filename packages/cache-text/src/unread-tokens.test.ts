import { describe, expect, it } from 'vitest';
import { firstUnread } from './unread-tokens.js';

describe('firstUnread', () => {
  const of = (
    length: number,
    common: number,
    isMasked: boolean,
    { beginsWithPending = false, overlap = 0, run = common } = {},
  ) => firstUnread({ length, seen: 30, common, isMasked, beginsWithPending, overlap, run });

  describe.each([true, false])('of 30 tokens seen, with a mask of the prompt: %s', (isMasked) => {
    it.each<[string, number, number, number | 'restart' | null]>([
      ['continues', 40, 30, 30],
      ['continues by one token', 31, 30, 30],
      ['is what was read', 30, 30, 'restart'],
      ['departs late, and is longer', 40, 25, 'restart'],
      ['departs late, and is as long', 30, 29, 'restart'],
      ['departs late, and is shorter', 28, 21, 'restart'],
      ['departs after a system prompt', 12, 8, 'restart'],
      ['is a beginning of what was read', 12, 12, 'restart'],
      ['is the first token', 1, 1, 'restart'],
      ['has only a header in common', 40, 7, null],
      ['has only a header in common, and is shorter', 20, 1, null],
    ])('%s: of %i tokens the first %i in common gives %s', (_, length, common, expected) => {
      expect(of(length, common, isMasked)).toBe(expected);
    });

    it('takes a prompt that begins with the pending token for a new end', () => {
      expect(of(10, 0, isMasked, { beginsWithPending: true })).toBe(0);
      expect(of(50, 0, isMasked, { beginsWithPending: true })).toBe(0);
    });
  });

  it.each([true, false])(
    'reads a conversation without its beginning anew, mask: %s',
    (isMasked) => {
      expect(of(20, 0, isMasked, { overlap: 8 })).toBe('restart');
      expect(of(50, 2, isMasked, { overlap: 12 })).toBe('restart');
      expect(of(20, 0, isMasked, { overlap: 8, beginsWithPending: true })).toBe('restart');
    },
  );

  it('reads what is alike in the same places anew when a mask says that it is all', () => {
    expect(of(30, 0, true, { run: 8 })).toBe('restart');
    expect(of(12, 3, true, { run: 9 })).toBe('restart');
    expect(of(30, 0, false, { run: 8 })).toBeNull();
    expect(of(30, 3, false, { run: 9 })).toBeNull();
  });

  it('takes a prompt that begins with something else for a new end only when nothing speaks against it', () => {
    expect(of(10, 0, false)).toBe(0);
    expect(of(30, 0, false, { run: 7 })).toBe(0);
    expect(of(31, 0, false)).toBeNull();
    expect(of(10, 0, true)).toBeNull();
  });
});
