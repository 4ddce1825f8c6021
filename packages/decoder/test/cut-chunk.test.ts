import { Random } from '@namm/core';
import { sinkRecent } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { largestDifference, quiet } from './helpers.js';

it.each([
  ['on its own', false],
  ['behind rows that a fork shares', true],
])('a long chunk that is read in parts, %s, gives what one pass gives', async (_, isFork) => {
  const model = await randomModel({ model_type: 'llama', max_position_embeddings: 1024 });
  const random = new Random(7);
  const [before, long, short] = [150, 300, 131].map((count) =>
    Array.from({ length: count }, () => random.integer(23)),
  );
  const results: Float32Array[][] = [];
  for (const passes of ['layers', 'whole'] as const) {
    const decoder = await Decoder.load(model.folder, { ...quiet, passes });
    let cache = decoder.createCache({ policy: sinkRecent({ budget: 180, sinks: 3 }) });
    await decoder.step([{ cache, input: { ids: before! } }]);
    if (isFork) cache = cache.fork();
    const other = decoder.createCache();
    const first = await decoder.step([{ cache, input: { ids: long! }, outputs: 'all' }]);
    // Beside another, whose chunk fits in the same pass.
    const items = [
      { cache, input: { ids: short! }, outputs: 'all' as const },
      { cache: other, input: { ids: short!.slice(0, 120) }, outputs: 'all' as const },
    ];
    results.push([...first, ...(await decoder.step(items))].map(({ logits }) => logits));
    await decoder.release();
  }
  for (const [i, logits] of results[0]!.entries()) {
    expect(largestDifference(logits, results[1]![i]!)).toBeLessThan(1e-5);
  }
  await model.remove();
});
