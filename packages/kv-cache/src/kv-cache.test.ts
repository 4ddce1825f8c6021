import { describe, expect, it } from 'vitest';
import { KVCache } from './kv-cache.js';

const shape = {
  model: 'm',
  layers: [{ keyValueHeads: 2, queryHeads: 4, headSize: 2, window: null }],
};
describe('KVCache', () => {
  it('appends rows head by head', async () => {
    const cache = new KVCache(shape);
    const keys = Float32Array.from({ length: 12 }, (_, i) => i);
    await cache.update({
      count: 3,
      rows: [{ keys, values: keys.map((x) => -x) }],
      observations: [],
    });
    expect(cache.seen).toBe(3);
    expect([...cache.keys(0, 1)]).toEqual([6, 7, 8, 9, 10, 11]);
    expect([...cache.values(0, 0)]).toEqual([-0, -1, -2, -3, -4, -5]);
    expect([...cache.positions(0, 1)]).toEqual([0, 1, 2]);
    cache.keep([[Uint32Array.of(0, 2), Uint32Array.of(1)]]);
    expect([...cache.keys(0, 0)]).toEqual([0, 1, 4, 5]);
    expect([...cache.positions(0, 1)]).toEqual([1]);
  });
});
