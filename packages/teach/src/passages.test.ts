import { describe, expect, it } from 'vitest';
import { cutPassages } from './passages.js';

const numbered = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);

describe('cutPassages', () => {
  it('cuts different passages, and holds the end out', () => {
    const texts = [numbered(0, 1005), numbered(5000, 520)];
    const passages = cutPassages(texts, { length: 100, count: 6, heldOut: 2 });
    expect(passages.filter(({ isHeldOut }) => !isHeldOut)).toHaveLength(6);
    const held = passages.filter(({ isHeldOut }) => isHeldOut);
    expect(held).toHaveLength(2);
    for (const { ids } of passages) expect([...ids]).toEqual(numbered(ids[0]!, 100));
    const starts = passages.map(({ ids }) => ids[0]);
    expect(new Set(starts).size).toBe(8);
    const fitted = passages.filter(({ isHeldOut }) => !isHeldOut).map(({ ids }) => ids[0]!);
    for (const { ids } of held) expect(ids[0]).toBeGreaterThan(Math.max(...fitted));
    expect(passages[0]!.isHeldOut).toBe(false); // and they come in turn
  });

  it('takes what there is', () => {
    const passages = cutPassages([numbered(0, 250)], { length: 100, count: 9, heldOut: 9 });
    expect(passages.map(({ isHeldOut, ids }) => [isHeldOut, ids[0]])).toEqual([
      [false, 0],
      [true, 100],
    ]);
  });

  it('refuses text that is too short or says the same again', () => {
    const size = { length: 100, count: 4, heldOut: 1 };
    expect(() => cutPassages([numbered(0, 150)], size)).toThrow(
      /150 tokens hold no two passages of 100; give more text, or set `length` to 75/,
    );
    const two = [numbered(0, 90), numbered(90, 80)];
    expect(() => cutPassages(two, size)).toThrow(/or set `length` to 80/);
    expect(cutPassages(two, { ...size, length: 80 })).toHaveLength(2);
    expect(() => cutPassages([numbered(0, 9)], size)).toThrow(/give more text$/);
    const again = Array.from({ length: 8 }, () => numbered(0, 100));
    expect(() => cutPassages(again, size)).toThrow(/again and again/);
    const chorus = Array.from({ length: 1000 }, (_, i) => i % 37); // no two passages are equal
    expect(() => cutPassages([chorus], size)).toThrow(/again and again/);
  });
});
