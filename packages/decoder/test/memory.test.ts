import { Random } from '@namm/core';
import { type HeadAllocation, type KVCache, scoredPolicy, sinkRecentScorer } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { quiet } from './helpers.js';

const [short, long] = [256, 1200];

/** Two heads of very different lengths. */
const unevenHeads: HeadAllocation = {
  settings: { kind: 'uneven' },
  slots: ({ lengths: [first, second] }) =>
    first! > short || second! > long ? [short, long] : null,
  counts: ([first, second]) => [Math.min(first!.length, short), Math.min(second!.length, long)],
};

/** Bytes allocated over the bytes of the tokens kept: keys, values and positions. */
function ratio(cache: KVCache): number {
  const { allocated, used, positions } = cache.memory().bytes;
  return allocated / (used + positions);
}

describe('memory of a cache whose heads keep very different numbers of tokens', () => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    model = await randomModel({ max_position_embeddings: 4096 });
    decoder = await Decoder.load(model.folder, { ...quiet, chunkSize: 192 });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });

  it('stays within a quarter of what it keeps, after every eviction and every decoded token', async () => {
    const policy = scoredPolicy({
      scorer: sinkRecentScorer(),
      budget: (short + long) / 2,
      heads: unevenHeads,
    });
    const cache = decoder.createCache({ policy });
    const random = new Random(1);
    const ids = Array.from({ length: 2500 }, () => random.integer(23));
    const ratios: number[] = [];
    const onProgress = () => {
      if (cache.length(0, 0) >= short) ratios.push(ratio(cache));
    };
    await decoder.step([{ cache, input: { ids } }], { onProgress });
    expect(ratios.length).toBeGreaterThan(10);
    expect(cache.memory().keptPerHead).toEqual([
      [short, long],
      [short, long],
    ]);
    for (let token = 0; token < 600; token++) {
      await decoder.step([{ cache, input: { ids: [token % 23] } }]);
      ratios.push(ratio(cache));
    }
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.25);
    // Forgetting by hand gives memory back as well.
    const half = (slots: number) => Uint32Array.from({ length: slots / 2 }, (_, i) => 2 * i);
    const before = cache.memory().bytes.allocated;
    cache.keep([[half(short), half(long)], null]);
    expect(ratio(cache)).toBeLessThanOrEqual(1.25);
    expect(cache.memory().bytes.allocated).toBeLessThan(0.8 * before);
  });
});
