import { describe, expect, it } from 'vitest';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import { KVCache } from './kv-cache.js';

const shape = {
  model: 'test',
  layers: [{ keyValueHeads: 1, queryHeads: 1, headSize: 2, window: null }],
};
const cacheWith = (policy: unknown) => () =>
  new KVCache(shape, { policy: policy as EvictionPolicy });

describe('a policy that is not one', () => {
  it('is refused when the cache is made, with what is missing', () => {
    const probe = { kind: 'none' };
    expect(cacheWith('h2o')).toThrow('policy: is not an eviction policy');
    expect(cacheWith({ start: () => ({}) })).toThrow('it needs name and start');
    expect(cacheWith({ name: 'mine', probe, start: () => undefined })).toThrow(
      "what start() of 'mine' returns lacks observe, select, retain",
    );
    const state = { observe() {}, retain() {}, fork: () => state, save: () => ({}) };
    expect(cacheWith({ name: 'mine', probe, start: () => state })).toThrow('lacks select;');
  });
});
