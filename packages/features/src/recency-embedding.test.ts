import { expect, it } from 'vitest';
import { RecencyEmbedding } from './recency-embedding.js';

it('is sines and then cosines of the age', () => {
  const embedding = new RecencyEmbedding();
  // Out of order, so that the table grows twice; a row once given stays right.
  for (const age of [5000, 0, 1, 4097, 100_000]) {
    const row = embedding.row(age);
    for (let k = 0; k < 4; k++) {
      expect(row[k]).toBeCloseTo(Math.sin(age / 50000 ** (k / 4)), 6);
      expect(row[4 + k]).toBeCloseTo(Math.cos(age / 50000 ** (k / 4)), 6);
    }
  }
});

it('knows the first age behind its table', () => {
  const embedding = new RecencyEmbedding();
  embedding.row(1); // the table then ends at 1023
  expect([...new RecencyEmbedding().row(0)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect([...embedding.row(1024)]).toEqual([...new RecencyEmbedding().row(1024)]);
  expect(embedding.row(1024)[0]).toBeCloseTo(Math.sin(1024), 6);
});

it('takes other settings', () => {
  const row = new RecencyEmbedding({ dimension: 2, maxFrequency: 10, start: 1 }).row(2);
  expect([...row]).toEqual([Math.fround(Math.sin(3)), Math.fround(Math.cos(3))]);
});

it('refuses what it cannot do', () => {
  expect(() => new RecencyEmbedding({ dimension: 7 })).toThrow(/dimension: 7/);
  expect(() => new RecencyEmbedding({ maxFrequency: 0 })).toThrow(/maxFrequency: 0/);
  expect(() => new RecencyEmbedding({ start: -1 })).toThrow(/start: -1/);
  expect(() => new RecencyEmbedding().row(-1)).toThrow(/age: -1/);
  expect(() => new RecencyEmbedding().row(0.5)).toThrow(/age: 0.5/);
});
