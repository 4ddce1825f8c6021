import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '@namm/tensors';
import { describe, expect, it } from 'vitest';
import { Decoder, greedy } from '../src/index.js';
import { passKinds } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet, slotsAt } from './helpers.js';

/** Float32 sums in another order than PyTorch's, on logits of standard deviation 2. */
const tolerance = 1e-4;

interface Eviction {
  readonly new_ids: readonly number[];
  readonly keep: readonly (readonly (readonly number[])[])[];
}

const fixtures = join(import.meta.dirname, '__fixtures__');
const folders = readdirSync(fixtures, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && entry.name !== 'configurations',
);

describe.each(folders.map(({ name }) => name))('%s against PyTorch transformers', (name) => {
  const folder = join(fixtures, name);
  const facts = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8')) as {
    input_ids: number[];
    greedy_ids: number[];
    evict: Eviction & { second: Eviction };
  };

  it.each(passKinds)(
    'gives the same logits before and after two ragged evictions, passes: %s',
    async (passes) => {
      const expected = await openSafetensors(join(folder, 'expected.safetensors'));
      const decoder = await Decoder.load(folder, { ...quiet, passes });
      const cache = decoder.createCache();
      const compare = async (key: string, logits: number[]) =>
        expect(largestDifference(logits, await expected.readFloat32(key)), key).toBeLessThan(
          tolerance,
        );
      const evict = ({ keep }: Eviction) =>
        cache.keep(slotsAt(cache, (l, h, position) => keep[l]![h]!.includes(position)));

      await compare('logits', await feed(decoder, cache, facts.input_ids));
      evict(facts.evict);
      await compare('evict.chunk_logits', await feed(decoder, cache, facts.evict.new_ids));
      evict(facts.evict.second);
      const { new_ids: ids } = facts.evict.second;
      const singly = ids.map(() => 1);
      await compare('evict.second.chunk_logits', await feed(decoder, cache, ids, singly));
      await decoder.release();
    },
  );

  it('continues greedily with the same tokens', async () => {
    const decoder = await Decoder.load(folder, { ...quiet, chunkSize: 7 });
    const ids: number[] = [];
    for await (const id of greedy(decoder, decoder.createCache(), facts.input_ids)) {
      if (ids.push(id) === facts.greedy_ids.length) break;
    }
    expect(ids).toEqual(facts.greedy_ids);
    await decoder.release();
  });
});
