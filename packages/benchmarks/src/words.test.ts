import { describe, expect, it } from 'vitest';
import { entityWords, keys, labels, names, nouns, values, variables } from './words.js';

describe('entityWords', () => {
  it('are plain words, each once', () => {
    expect(new Set(entityWords).size).toBe(entityWords.length);
    for (const word of entityWords) expect(word).toMatch(/^[A-Za-z]+$/);
  });

  it('mean one thing only', () => {
    const all = [...values, ...names, ...keys, ...nouns, ...labels, ...variables];
    expect(new Set(all).size).toBe(all.length);
  });
});
