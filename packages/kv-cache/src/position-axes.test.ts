import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheShape } from './contracts/cache-shape.js';
import { KVCache } from './kv-cache.js';
import { random } from './policies/random.js';
import { passSizes, shapeOf } from './testing/shapes.js';

const plain = shapeOf(2, 2, 1, 2, 6);
const shape: CacheShape = { ...plain, positionAxes: 3 };
const policy = random({ budget: 5, seed: 3 });

/** Three numbers that tell the token. */
const axesOf = (token: number) => [token >> 2, token % 5, 7 * token];

function updateOf(from: number, count: number) {
  const rows = shape.layers.map(({ keyValueHeads, headSize }) => {
    const numbers = new Float32Array(keyValueHeads * count * headSize).fill(1);
    return { keys: numbers, values: numbers };
  });
  const tokens = Array.from({ length: count }, (_, i) => from + i);
  return { count, rows, observations: [], positions: Int32Array.from(tokens.flatMap(axesOf)) };
}

/** Checks that every head of every cache knows the positions of the tokens it holds. */
function expectOwnAxes(cache: KVCache): void {
  for (const [layer, { keyValueHeads }] of shape.layers.entries()) {
    for (let head = 0; head < keyValueHeads; head++) {
      const tokens = [...cache.tokens(layer, head)];
      expect([...cache.axisPositions(layer, head)]).toEqual(tokens.flatMap(axesOf));
    }
  }
  expect(cache.nextAxisPosition).toBe(Math.max(0, 7 * (cache.seen - 1) + 1));
}

describe('positions with several axes', () => {
  it('stay with their rows through eviction, forks and files, and change nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-axes-'));
    try {
      await fc.assert(
        fc.asyncProperty(passSizes, async (counts) => {
          const cache = new KVCache(shape, { policy });
          const twin = new KVCache(plain, { policy });
          for (const count of counts) {
            const { positions, ...update } = updateOf(cache.seen, count);
            await cache.update({ ...update, positions });
            await twin.update(update);
          }
          const path = join(folder, 'cache.safetensors');
          await cache.save(path);
          const restored = await KVCache.restore(path, shape, { policy });
          const fork = cache.fork();
          await fork.update(updateOf(fork.seen, 3));
          for (const each of [cache, restored, fork]) expectOwnAxes(each);
          expect([...cache.positions(1, 1)]).toEqual([...twin.positions(1, 1)]); // masks and windows
          expect(twin.axisPositions(1, 1)).toEqual(new Int32Array(0));
          const { rows, bytes } = cache.memory();
          expect(bytes.positions).toBe(rows * (1 + 3) * 4);
        }),
        { numRuns: 20 },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are paid for by a budget in bytes', async () => {
    // A row of each of four heads: two numbers each for key and value, its position and three axes.
    const bytes = 4 * (4 + 4) * 4;
    const exact = new KVCache(shape, { policy: random({ budget: `${2 * bytes}B`, seed: 1 }) });
    await exact.update(updateOf(0, 9));
    expect(exact.length(0, 0)).toBeLessThanOrEqual(2);
    expect(exact.length(1, 0)).toBeLessThanOrEqual(2);
  });

  it('are refused where they are missing, too many or too few', async () => {
    const cache = new KVCache(shape);
    const update = updateOf(0, 2);
    const { positions, ...without } = update;
    for (const wrong of [
      without,
      { ...without, positions: positions.subarray(1) },
      { ...without, positions: Float32Array.from(positions) as never },
      { ...without, positions: positions.map((position) => -1 - position) },
    ]) {
      await expect(cache.update(wrong)).rejects.toThrow(/^positions: /);
    }
    await expect(new KVCache(plain).update(update)).rejects.toThrow(/numbers its tokens itself/);
    expect(cache.seen).toBe(0);
    const compact = () => new KVCache(shape, { positions: 'compact' });
    expect(compact).toThrow(/^positions: cannot be compact/);
    const none = () => new KVCache({ ...plain, positionAxes: 0 });
    expect(none).toThrow(InvalidArgumentError);
  });
});
