import type { EvictionPolicy, Observation, Probe } from '@namm/kv-cache';
import { full } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Decoder } from '../src/index.js';
import { OneQueryAttention } from '../src/step/one-query-attention.js';
import type { PassKind } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet, slotsAt } from './helpers.js';

afterEach(() => vi.restoreAllMocks());

/** Evicts nothing, and writes down what it is told. */
function recording(probe: Probe) {
  const told: Observation[] = [];
  const start: EvictionPolicy['start'] = (shape) => ({
    ...full().start(shape),
    observe: (_, observation) => void told.push(structuredClone(observation)),
    fork: () => start(shape),
  });
  const policy: EvictionPolicy = { ...full(), probe, start };
  return { policy, told };
}

/** Logits and observations of single tokens over ragged rows, which forks share or not. */
async function play(folder: string, passes: PassKind, probe: Probe, prompt: readonly number[]) {
  const decoder = await Decoder.load(folder, { ...quiet, passes, probe, chunkSize: 256 });
  const { policy, told } = recording(probe);
  const cache = decoder.createCache({ policy });
  const logits = [await feed(decoder, cache, [5])]; // over nothing
  logits.push(await feed(decoder, cache, prompt));
  logits.push(await feed(decoder, cache, [1, 2], [1, 1]));
  cache.keep(slotsAt(cache, (layer, head, position) => (position + layer + head) % 7 > 0));
  logits.push(await feed(decoder, cache, [3]));
  const fork = cache.fork();
  for (const each of [fork, cache, fork]) logits.push(await feed(decoder, each, [4, 6], [1, 1]));
  await decoder.release();
  return { logits: logits.flat(), told };
}

const probes: readonly Probe[] = [
  { kind: 'none' },
  { kind: 'columnSums' },
  { kind: 'columnMaxima' },
  { kind: 'lastQueries', count: 2 },
];

describe.each([
  // Rows for more than one block of the kernel.
  ['groups of three', { num_attention_heads: 6, num_key_value_heads: 2, head_dim: 64 }, 560],
  ['heads of their own', { num_attention_heads: 2, num_key_value_heads: 2, head_dim: 8 }, 30],
  ['one KV head', { num_attention_heads: 3, num_key_value_heads: 1, head_dim: 24 }, 9],
])('single tokens, %s', (_, config, length) => {
  it('get from the kernel what a graph of the whole model gives, and policies the same reports', async () => {
    const model = await randomModel({ ...config, max_position_embeddings: 1024 });
    const prompt = Array.from({ length }, (_, i) => (i * i) % 23);
    for (const probe of probes) {
      const whole = await play(model.folder, 'whole', probe, prompt);
      const run = vi.spyOn(OneQueryAttention.prototype, 'run');
      const layers = await play(model.folder, 'layers', probe, prompt);
      // Two layers; and nothing was left to a graph.
      expect(run.mock.results.filter(({ value }) => value !== null)).toHaveLength(2 * 10);
      run.mockRestore();
      expect(largestDifference(layers.logits, whole.logits)).toBeLessThan(2e-5);
      expect(layers.told.length).toBe(whole.told.length);
      for (const [i, { kind, heads }] of layers.told.entries() as Iterable<[number, Told]>) {
        const other = whole.told[i] as Told;
        expect(kind).toBe(other.kind);
        for (const [head, numbers] of heads.entries())
          expect(largestDifference(numbers, other.heads[head]!)).toBeLessThan(1e-5);
      }
    }
    await model.remove();
  });
});

it('keeps NaN, and leaves other attention and many threads to the graph', async () => {
  const model = await randomModel({ head_dim: 8 });
  const decoder = await Decoder.load(model.folder, quiet);
  const spec = decoder.spec.layers[0]!.attention!;
  const kernel = OneQueryAttention.for(spec, 1)!;
  const projected = new Float32Array((4 + 2 + 2) * 8).fill(0.5);
  const cache = decoder.createCache();
  expect(kernel.run(cache, 0, spec, projected)!.attended).toEqual(new Float32Array(32).fill(0.5));
  projected[4 * 8] = Number.NaN; // a key of the first KV head
  const { attended } = kernel.run(cache, 0, spec, projected)!;
  expect(Array.from(attended, Number.isNaN)).toEqual(Array.from(attended, (_, i) => i < 16));
  const queries = decoder.createCache({ policy: recording({ kind: 'queries' }).policy });
  expect(kernel.run(queries, 0, spec, projected)).toBeNull();
  expect(OneQueryAttention.for({ ...spec, headSize: 6 }, 1)).toBeNull();
  expect(OneQueryAttention.for({ ...spec, softCap: 30 }, 1)).toBeNull();
  expect(OneQueryAttention.for({ ...spec, window: 4 }, 1)).toBeNull();
  expect(OneQueryAttention.for(spec, 3)).toBeNull();
  await decoder.release();
  await model.remove();
});

/** What all these probes tell. */
interface Told {
  readonly kind: string;
  readonly heads: readonly Float32Array[];
}
