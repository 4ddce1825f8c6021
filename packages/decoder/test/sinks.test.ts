import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { h2o, type Probe, sinkRecent } from '@namm/kv-cache';
import { openSafetensors } from '@namm/tensors';
import { describe, expect, it } from 'vitest';
import { ConfigReader, checkSpec, Decoder, readSpec } from '../src/index.js';
import { passKinds } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet } from './helpers.js';

const fixtures = join(import.meta.dirname, '__fixtures__');
const folderOf = (name: string) => join(fixtures, name);
const names = ['gpt-oss', 'gpt-oss-clamped', 'gpt-oss-silent'];

/** What a decoder tells a policy of one pass, per layer and head. */
async function told(name: string, passes: (typeof passKinds)[number], probe: Probe) {
  const decoder = await Decoder.load(folderOf(name), { ...quiet, passes, probe });
  const heads: (readonly ArrayLike<number>[])[] = [];
  const policy = {
    ...sinkRecent({ budget: 1000 }),
    probe,
    start: () => ({
      ...{
        bytes: 0,
        retain() {},
        fork: () => policy.start(decoder.cacheShape),
        save: () => new Map(),
      },
      observe: (layer: number, observation: { heads: readonly ArrayLike<number>[] }) => {
        heads[layer] = observation.heads;
      },
      select: async () => decoder.cacheShape.layers.map(() => null),
    }),
  } as unknown as ReturnType<typeof sinkRecent>;
  const cache = decoder.createCache({ policy, keepOutsideWindow: true });
  const { input_ids: ids } = JSON.parse(readFileSync(join(folderOf(name), 'fixture.json'), 'utf8'));
  await feed(decoder, cache, ids);
  await decoder.release();
  return { heads, count: ids.length as number, shape: decoder.cacheShape };
}

describe.each(names)('%s', (name) => {
  it.each(passKinds)('tells the attention that the model used, passes: %s', async (passes) => {
    const expected = await openSafetensors(join(folderOf(name), 'expected.safetensors'));
    const { heads, count, shape } = await told(name, passes, { kind: 'lastQueries', count: 1000 });
    for (const [layer, own] of heads.entries()) {
      // [query heads, queries, slots]; the sink's part is in no column.
      const recorded = await expected.readFloat32(`attn.${layer}`);
      const flat = own.flatMap((head) => Array.from(head));
      expect(largestDifference(flat, recorded)).toBeLessThan(1e-5);
      const sums: number[] = [];
      for (let row = 0; row < recorded.length; row += count) {
        sums.push(flat.slice(row, row + count).reduce((a, b) => a + b, 0));
      }
      expect(Math.max(...sums)).toBeLessThanOrEqual(1 + 1e-6);
      expect(sums.reduce((a, b) => a + b, 0) / sums.length).toBeLessThan(0.95);
      expect(shape.layers[layer]!.hasSinks).toBe(true);
    }
  });

  it('sums columns of the same', async () => {
    const rows = await told(name, 'whole', { kind: 'lastQueries', count: 1000 });
    const sums = await told(name, 'layers', { kind: 'columnSums' });
    for (const [layer, own] of sums.heads.entries()) {
      const { queryHeads, keyValueHeads } = sums.shape.layers[layer]!;
      for (const [head, columns] of own.entries()) {
        const expected = new Float64Array(sums.count);
        const all = rows.heads[layer]![head]!;
        for (let i = 0; i < all.length; i++) {
          expected[i % sums.count]! += (all[i]! * keyValueHeads) / queryHeads;
        }
        expect(largestDifference(columns, expected)).toBeLessThan(1e-4);
      }
    }
  });
});

it('goes on in forks, files and beside others as alone, under a policy', async () => {
  const policy = h2o({ budget: 6 });
  const options = { ...quiet, passes: 'layers', chunkSize: 8, probe: policy.probe } as const;
  const decoder = await Decoder.load(folderOf('gpt-oss'), options);
  const ids = Array.from({ length: 30 }, (_, i) => (17 * i + 3) % 61);
  const cache = decoder.createCache({ policy });
  await feed(decoder, cache, ids);
  const fork = cache.fork();
  const rest = [5, 9, 2];
  const alone = await feed(decoder, fork.fork(), rest);
  const results = await decoder.step([
    { cache: fork, input: { ids: rest }, outputs: 'all' },
    { cache: decoder.createCache({ policy }), input: { ids }, outputs: 'none' },
    { cache, input: { ids: rest }, outputs: 'all' },
  ]);
  for (const { logits } of [results[0]!, results[2]!]) {
    expect(largestDifference(logits, alone)).toBeLessThan(1e-5);
  }
  await decoder.release();
});

it('refuses mixtures that cannot be, and quantised experts', () => {
  const config = JSON.parse(readFileSync(join(folderOf('gpt-oss'), 'config.json'), 'utf8'));
  const read = (changes: object) =>
    readSpec(new ConfigReader('config.json', { ...config, ...changes }), () => true);
  expect(() => read({ num_experts_per_tok: 6 })).toThrow('num_experts_per_tok');
  expect(() => read({ swiglu_limit: 0 })).toThrow('swiglu_limit');
  const mxfp4 = { quantization_config: { quant_method: 'mxfp4' } };
  expect(() => read(mxfp4)).toThrow(
    'quantization_config: quantised weights (mxfp4) cannot be read',
  );
  const spec = read({});
  const [first, ...others] = spec.layers;
  const broken = { ...first!, feedForward: { ...first!.feedForward, chosen: 9 } };
  const layers = [broken, ...others] as typeof spec.layers;
  expect(() => checkSpec({ ...spec, layers })).toThrow('spec.layers[0].feedForward.chosen');
});
