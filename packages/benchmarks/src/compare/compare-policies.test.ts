import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder } from '@namm/decoder';
import { full, random, sinkRecent } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePolicies, type PassageResult } from './compare-policies.js';
import { LineStore } from './line-store.js';
import { formatComparison, summariseComparison } from './summarise-comparison.js';

let folder: string;
let files: RandomModel;
let model: Decoder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-compare-'));
  files = await randomModel();
  model = await Decoder.load(files.folder, { chunkSize: 8, threads: 1 });
});
afterAll(async () => {
  await model.release();
  await files.remove();
  await rm(folder, { recursive: true });
});

const passages = [1, 2, 3].map((seed) => ({
  ids: Int32Array.from({ length: 40 }, (_, i) => (seed * i * i + 5 * i) % 23),
  ...{ read: 30, bytes: 35 },
}));
const policies = [
  { name: 'sink-recent', budget: '50%', policy: sinkRecent({ budget: 0.5 }) },
  { name: 'random', budget: '50%', policy: random({ budget: 0.5, seed: 1 }) },
  { name: 'everything', budget: '99%', policy: full() },
];

const softmax = (row: readonly number[]) => {
  const sum = row.reduce((total, x) => total + Math.exp(x), 0);
  return row.map((x) => Math.exp(x) / sum);
};

/** Probabilities before each predicted token, from one dense reading of everything. */
async function dense(ids: Int32Array, read: number): Promise<number[][]> {
  const cache = model.createCache();
  const [result] = await model.step([{ cache, input: { ids }, outputs: 'all' }]);
  const { logits } = result!;
  return Array.from({ length: ids.length - read }, (_, i) => {
    return softmax([...logits.subarray((read - 1 + i) * 23, (read + i) * 23)]);
  });
}

describe('comparePolicies', () => {
  it('measures what the definitions say, and goes on from its file', async () => {
    const path = join(folder, 'results.jsonl');
    const store = await LineStore.open<PassageResult>(path);
    const results = await comparePolicies({ model, passages, policies, store });
    await store.close();
    for (const [p, { ids, read, bytes }] of passages.entries()) {
      const whole = await dense(ids, read);
      const bits = whole.reduce((sum, row, i) => sum - Math.log2(row[ids[read + i]!]!), 0);
      expect(results[0]!.passages[p]!.bitsPerByte).toBeCloseTo(bits / bytes, 5);
      expect(results[0]!.passages[p]).toMatchObject({ agreement: 1, keptShare: 1, footprint: 1 });
      expect(results[3]!.passages[p]!.divergence).toBeCloseTo(0, 6);
      const cache = model.createCache({ policy: policies[0]!.policy });
      await model.step([{ cache, input: { ids: ids.subarray(0, read - 1) } }]);
      const rest = { cache, input: { ids: ids.subarray(read - 1, -1) }, outputs: 'all' as const };
      const [result] = await model.step([rest]);
      const { logits } = result!;
      const own = whole.map((_, i) => softmax([...logits.subarray(23 * i, 23 * (i + 1))]));
      const divergence = whole.map((row, i) =>
        row.reduce((sum, chance, id) => sum + chance * Math.log2(chance / own[i]![id]!), 0),
      );
      const sum = divergence.reduce((a, b) => a + b);
      expect(results[1]!.passages[p]!.divergence).toBeCloseTo(sum / 10, 5);
      expect(results[1]!.passages[p]!.keptShare).toBeCloseTo(0.5, 1);
      // Sinks and newest tokens are the same in all heads: all others are gone everywhere.
      expect(results[1]!.passages[p]!.goneEverywhere).toBeCloseTo(0.5, 1);
      expect(results[2]!.passages[p]!.goneEverywhere).toBeLessThan(0.2);
      expect(results[1]!.passages[p]!.footprint).toBeGreaterThan(0.5 - 1 / 8);
    }
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, text.length - 20)); // killed while it wrote
    const again = await LineStore.open<PassageResult>(path);
    const resumed = await comparePolicies({ model, passages, policies, store: again });
    await again.close();
    const withoutTime = (all: typeof results) =>
      all.map((each) => each.passages.map(({ speed: _, ...rest }) => rest));
    expect(withoutTime(resumed)).toEqual(withoutTime(results));
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(text.split('\n').length);
  });

  it('recommends what differs least, and says how sure it is', async () => {
    const store = await LineStore.open<PassageResult>(join(folder, 'more.jsonl'));
    const results = await comparePolicies({ model, passages, policies, store });
    await store.close();
    const { rows, recommended } = summariseComparison(results);
    const at50 = rows.filter(({ budget }) => budget === '50%');
    const best = at50.reduce((a, b) => (b.divergence.estimate < a.divergence.estimate ? b : a));
    expect(recommended[0]).toMatchObject({ budget: '50%', name: best.name });
    expect(recommended[0]!.certainty).toBeGreaterThan(0.3);
    expect(recommended[1]).toEqual({ budget: '99%', name: 'everything', certainty: 1 });
    const text = formatComparison({ rows, recommended });
    for (const name of ['full', 'sink-recent', 'random', 'everything'])
      expect(text).toContain(name);
    expect(text).toContain(`at 50%: ${best.name} comes closest`);
  });

  it('refuses what leaves nothing to compare, and foreign files', async () => {
    const path = join(folder, 'foreign.jsonl');
    await writeFile(path, 'text\n');
    await expect(LineStore.open(path)).rejects.toThrow(/line 1 is not JSON/);
    await writeFile(path, '{"a":1}\n');
    await expect(LineStore.open(path)).rejects.toThrow(/line 1 is not a result/);
    const store = await LineStore.open<PassageResult>(join(folder, 'none.jsonl'));
    const short = [{ ...passages[0]!, read: 40 }];
    const nothing = comparePolicies({ model, passages: short, policies, store });
    await expect(nothing).rejects.toThrow(/nothing to read or to predict/);
    await expect(comparePolicies({ model, passages: [], policies, store })).rejects.toThrow(
      /missing/,
    );
    await store.close();
  });
});
