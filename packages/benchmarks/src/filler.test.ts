import { InvalidArgumentError, Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { fillTo } from './fill-to.js';
import { documentFiller } from './filler.js';

const work = {
  name: 'a',
  kind: 'prose',
  split: 'test',
  text: 'One came. Two left. Three stayed.',
} as const;

describe('documentFiller', () => {
  it('reads on contiguously and begins again after the end', () => {
    const passage = documentFiller([work]).passage('prose', 'test', new Random(1));
    const iterator = passage.pieces();
    const read = Array.from({ length: 7 }, () => iterator.next().value);
    const order = [' One came.', ' Two left.', ' Three stayed.'];
    const start = order.indexOf(read[0] as string);
    expect(read).toEqual(Array.from({ length: 7 }, (_, i) => order[(start + i) % 3]));
  });

  it('refuses a missing kind, an empty work and two works of one name', () => {
    expect(() => documentFiller([work, work])).toThrow(InvalidArgumentError);
    expect(() => documentFiller([work]).passage('code', 'test', new Random(1))).toThrow(/no code/);
    expect(() => documentFiller([work]).passage('prose', 'train', new Random(1))).toThrow(/train/);
    const empty = documentFiller([{ ...work, text: ' \n' }]);
    expect(() => empty.passage('prose', 'test', new Random(1))).toThrow(/empty/);
  });
});

describe('fillTo', () => {
  it('stops before the first piece that does not fit', () => {
    const passage = documentFiller([work]).passage('prose', 'test', new Random(1));
    const count = (text: string) => text.length;
    const { pieces, tokens } = fillTo(passage, 30, count);
    expect(tokens).toBe(pieces.join('').length);
    expect(tokens).toBeLessThanOrEqual(30);
    expect(fillTo(passage, 0, count).pieces).toEqual([]);
    expect(() => fillTo(passage, 30, () => 0)).toThrow(InvalidArgumentError);
    expect(() => fillTo(passage, 30, () => Number.NaN)).toThrow(InvalidArgumentError);
  });
});
