import { describe, expect, it } from 'vitest';
import { fairOrder } from './fair-order.js';

const order = (waiting: string, active = '', turns: [string, number][] = []) =>
  fairOrder(
    [...waiting].map((client, i) => ({ client, i })),
    [...active],
    new Map(turns),
  )
    .map(({ client, i }) => `${client}${i}`)
    .join(' ');

describe('the fair order', () => {
  it('is that of arrival for one client', () => {
    expect(order('aaa')).toBe('a0 a1 a2');
    expect(order('')).toBe('');
  });

  it('lets clients take turns, whoever sends much', () => {
    expect(order('aaaabbc')).toBe('a0 b4 c6 a1 b5 a2 a3');
  });

  it('gives the turn to whoever waits longest for it', () => {
    expect(order('aab', '', [['a', 7]])).toBe('b2 a0 a1');
    expect(
      order('abb', '', [
        ['a', 7],
        ['b', 9],
      ]),
    ).toBe('a0 b1 b2');
  });

  it('puts those behind who are answered already', () => {
    expect(order('aab', 'aa')).toBe('b2 a0 a1');
    expect(order('abab', 'b')).toBe('a0 b1 a2 b3');
  });
});
