import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import {
  type EvictionPolicy,
  full,
  h2o,
  KVCache,
  type PolicyState,
  random,
  sinkRecent,
} from '@namm/kv-cache';
import { openSafetensors, type TensorData, writeSafetensors } from '@namm/tensors';
import { hybridConfig, type RandomModel, randomModel } from '@namm/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CacheUseError,
  completeText,
  Decoder,
  loadTokenizer,
  PositionLimitError,
  rotaryRows,
} from '../src/index.js';
import { attentionsOf } from '../src/spec/layers-of.js';
import { feed, largestDifference, quiet } from './helpers.js';
import { referenceLogits } from './reference-decoder.js';

/** Float32 against double precision. */
const tolerance = 1e-4;
const limit = 16;
const fixtures = join(import.meta.dirname, '__fixtures__');
const fixture = (name: string) => join(fixtures, name);

/** What one pass saw of a cache. */
interface Pass {
  readonly first: number;
  /** Position of every token that the pass could see, its own included, per layer and head. */
  readonly positions: ReadonlyMap<number, number>[][];
  /** By how much the newest token's number is above its position. */
  readonly lag: number;
  /** Tokens that each head kept after the pass. */
  kept: ReadonlySet<number>[][];
}

/** The policy, and where its caches' tokens were whenever it chose. */
function watched(policy: EvictionPolicy): { policy: EvictionPolicy; passes: Pass[] } {
  const passes: Pass[] = [];
  const start: EvictionPolicy['start'] = (shape) => {
    const state = policy.start(shape);
    const watching: PolicyState = {
      bytes: 0,
      observe: (layer, observation) => state.observe(layer, observation),
      retain: (kept) => state.retain(kept),
      fork: () => state.fork(),
      save: () => state.save(),
      select(view) {
        const positions = view.shape.layers.map(({ keyValueHeads }, layer) =>
          Array.from({ length: keyValueHeads }, (_, head) => {
            const at = view.positions(layer, head);
            return new Map(
              Array.from(view.tokens(layer, head), (token, slot) => [token, at[slot]!]),
            );
          }),
        );
        passes.push({ first: 0, positions, lag: view.seen - view.nextPosition, kept: [] });
        return state.select(view);
      },
    };
    return watching;
  };
  return { policy: { ...policy, start }, passes };
}

/** Feeds ids in passes of these sizes to a cache with compact positions. */
async function run(
  decoder: Decoder,
  policy: EvictionPolicy,
  ids: readonly number[],
  counts: readonly number[],
) {
  const watching = watched(policy);
  const cache = decoder.createCache({ policy: watching.policy, positions: 'compact' });
  const logits: number[] = [];
  const passes: Pass[] = [];
  let first = 0;
  for (const count of counts) {
    logits.push(...(await feed(decoder, cache, ids.slice(first, first + count))));
    const kept = cache.shape.layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => new Set(cache.tokens(layer, head))),
    );
    passes.push({ ...watching.passes.at(-1)!, first, kept });
    first += count;
    expect(cache.nextPosition).toBeLessThanOrEqual(limit);
    expect(cache.seen).toBe(first);
  }
  return { logits, passes, cache };
}

/** What the reference computes for such a run: keys at the positions that each pass told the model. */
function expected(model: RandomModel, decoder: Decoder, ids: readonly number[], passes: Pass[]) {
  const passOf = (query: number) => passes.findLastIndex(({ first }) => first <= query);
  const positionOf = (query: number, key: number, layer: number, head: number) => {
    const { positions, lag } = passes[passOf(query)]!;
    // A key that left a window in this pass has kept its distance to the newest token.
    return positions[layer]![head]!.get(key) ?? key - lag;
  };
  const evicted = (layer: number, head: number, query: number, key: number) => {
    const pass = passOf(query);
    return key < passes[pass]!.first && !passes[pass - 1]!.kept[layer]![head]!.has(key);
  };
  const weights = join(model.folder, 'model.safetensors');
  return referenceLogits(weights, decoder.spec, ids, evicted, positionOf);
}

const ids = fc.array(fc.integer({ min: 0, max: 22 }), { minLength: 20, maxLength: 48 });
const policies = [
  sinkRecent({ budget: 6, sinks: 2 }),
  random({ budget: 2, seed: 4 }),
  random({ budget: 5, seed: 3 }), // the heads together hold more tokens than there are positions
  sinkRecent({ budget: 4, sinks: 0 }),
];

describe.each<[string, Record<string, unknown>]>([
  ['plain RoPE', {}],
  ['linear RoPE', { rope_scaling: { type: 'linear', factor: 3 } }],
  [
    'YaRN',
    {
      rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 8, beta_fast: 2 },
    },
  ],
  [
    'the scaling of Llama 3',
    {
      rope_scaling: {
        rope_type: 'llama3',
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
    },
  ],
  ['a static NTK base', { rope_scaling: { type: 'ntk', factor: 4 } }],
  ['dynamic NTK below its limit', { rope_scaling: { type: 'dynamic', factor: 2 } }],
  ['windows in every layer', { model_type: 'mistral', sliding_window: 5 }],
  [
    'a window in one layer',
    {
      model_type: 'mistral',
      sliding_window: 5,
      layer_types: ['full_attention', 'sliding_attention'],
    },
  ],
  [
    'a layer without RoPE',
    { model_type: 'smollm3', no_rope_layers: [1, 0], tie_word_embeddings: false },
  ],
  ['layers without rows', { ...hybridConfig, tie_word_embeddings: true }],
])('compact positions with %s', (_, config) => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    model = await randomModel(config);
    // Chunks end at multiples of their size: these are never cut.
    decoder = await Decoder.load(model.folder, {
      ...quiet,
      chunkSize: 1000,
      maximumPositions: limit,
    });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });

  it('give the logits of the reference with keys at the new positions', async () => {
    const choice = fc.constantFrom(...policies);
    await fc.assert(
      fc.asyncProperty(ids, choice, fc.nat(), async (tokens, policy, seed) => {
        const draw = new Random(seed);
        const counts: number[] = [];
        for (let left = tokens.length; left > 0; left -= counts.at(-1)!) {
          counts.push(Math.min(left, 1 + draw.integer(5)));
        }
        const { logits, passes } = await run(decoder, policy, tokens, counts);
        const reference = (await expected(model, decoder, tokens, passes)).flat();
        expect(largestDifference(logits, reference)).toBeLessThan(tolerance);
      }),
      { numRuns: 10 },
    );
  });
});

describe('compact positions', () => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    model = await randomModel();
    decoder = await Decoder.load(model.folder, { ...quiet, chunkSize: 5, maximumPositions: limit });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });
  const long = Array.from({ length: 3000 }, (_, i) => (i * i + 7) % 23);

  it('are those of an absolute cache until they run out', async () => {
    const policy = sinkRecent({ budget: 6 });
    const absolute = decoder.createCache({ policy });
    const compact = decoder.createCache({ policy, positions: 'compact' });
    const logits = await feed(decoder, absolute, long.slice(0, limit));
    expect(await feed(decoder, compact, long.slice(0, limit))).toEqual(logits);
    await expect(feed(decoder, absolute, [1])).rejects.toThrow(/positions: 'compact'/);
    await feed(decoder, compact, [1]);
  });

  it('serve one input far longer than the limit, with keys as exact as at first', async () => {
    const policy = sinkRecent({ budget: 6, sinks: 2 });
    const cache = decoder.createCache({ policy, positions: 'compact' });
    await decoder.step([{ cache, input: { ids: long } }]);
    expect(cache.seen).toBe(3000);
    // A sink was turned some three hundred times; the first layer's keys know no context.
    const fresh = decoder.createCache();
    await feed(decoder, fresh, long.slice(0, 2));
    const [turned, once] = [cache.keys(0, 0).slice(0, 12), fresh.keys(0, 0)];
    expect([...cache.positions(0, 0).slice(0, 2)]).toEqual([0, 1]);
    expect(largestDifference(turned, once)).toBe(0); // positions 0 and 1 never moved
  });

  it('turn a key many times without drift', async () => {
    // Random keeps old tokens at positions that change again and again.
    const policy = random({ budget: 2, seed: 11 });
    const cache = decoder.createCache({ policy, positions: 'compact' });
    await decoder.step([{ cache, input: { ids: long } }]);
    for (const head of [0, 1]) {
      for (const [slot, position] of cache.positions(0, head).entries()) {
        const token = cache.tokens(0, head)[slot]!;
        const fresh = decoder.createCache();
        await feed(decoder, fresh, [...new Array<number>(position).fill(0), long[token]!]);
        const key = cache.keys(0, head).slice(slot * 6, slot * 6 + 6);
        const once = fresh.keys(0, head).slice(position * 6, position * 6 + 6);
        expect(largestDifference(key, once)).toBeLessThan(1e-5);
      }
    }
  });

  it('leave forks and restored caches to go on alike', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-compact-'));
    const policy = sinkRecent({ budget: 6 });
    const cache = decoder.createCache({ policy, positions: 'compact' });
    await feed(decoder, cache, long.slice(0, 43));
    const path = join(folder, 'cache.safetensors');
    await cache.save(path);
    const others = [cache.fork(), await decoder.restoreCache(path, { policy })];
    const logits = await feed(decoder, cache, long.slice(43, 90));
    for (const other of others) {
      expect(await feed(decoder, other, long.slice(43, 90))).toEqual(logits);
    }
    await rm(folder, { recursive: true });
  });

  it('say so when the cache holds too much, and change nothing then', async () => {
    const cache = decoder.createCache({ policy: full(), positions: 'compact' });
    await feed(decoder, cache, long.slice(0, 15));
    const keys = cache.keys(0, 0).slice();
    const step = decoder.step([{ cache, input: { ids: [1, 2] } }]);
    await expect(step).rejects.toThrow(PositionLimitError);
    await expect(step).rejects.toThrow('15 positions stay');
    await expect(step).rejects.toThrow("'full' keeps everything: use one with a budget");
    expect(cache.seen).toBe(15);
    expect(cache.nextPosition).toBe(15);
    expect(cache.keys(0, 0)).toEqual(keys);
    await feed(decoder, cache, [1]);
  });

  it('keep the chunks before one that has no room', async () => {
    const cache = decoder.createCache({ positions: 'compact' });
    const step = decoder.step([{ cache, input: { ids: long.slice(0, 18) } }]);
    await expect(step).rejects.toThrow(PositionLimitError);
    expect(cache.seen).toBe(15);
  });
});

describe('models whose keys cannot move', () => {
  it('with learned positions are refused, whoever made the cache', async () => {
    const decoder = await Decoder.load(fixture('gpt2-hub-names'), quiet);
    const create = () => decoder.createCache({ positions: 'compact' });
    expect(create).toThrow(CacheUseError);
    expect(create).toThrow(/gpt2 has learned positions/);
    const cache = new KVCache(decoder.cacheShape, { positions: 'compact' });
    const step = decoder.step([{ cache, input: { ids: [1] } }]);
    await expect(step).rejects.toThrow(CacheUseError);
    await decoder.release();
  });

  it.each([
    ['dynamic', { type: 'dynamic', factor: 8 }, 24],
    ['longrope', { type: 'longrope', short_factor: [1, 2, 3], long_factor: [4, 5, 6] }, 8],
  ])('with frequencies of the length (%s) are refused beyond it', async (_, scaling, trained) => {
    const positions = { max_position_embeddings: 24, original_max_position_embeddings: 8 };
    const model = await randomModel({ ...positions, rope_scaling: scaling });
    const long = await Decoder.load(model.folder, { ...quiet, maximumPositions: 64 });
    expect(() => long.createCache({ positions: 'compact' })).toThrow(
      `load the model with maximumPositions: ${trained}`,
    );
    const short = await Decoder.load(model.folder, {
      ...quiet,
      maximumPositions: trained,
      chunkSize: 2,
    });
    const policy = sinkRecent({ budget: 3 });
    const cache = short.createCache({ policy, positions: 'compact' });
    await feed(
      short,
      cache,
      Array.from({ length: 50 }, (_, i) => i % 23),
    );
    expect(cache.seen).toBe(50);
    for (const decoder of [long, short]) await decoder.release();
    await model.remove();
  });
});

it.each([
  ['gemma3-text', 50],
  ['phi3-partial', 250],
  ['smollm3', 50],
])(
  'turns the keys of each layer of %s by its own table, and only the numbers that RoPE turns',
  async (name, length) => {
    const policy = h2o({ budget: 5 });
    const options = { ...quiet, probe: policy.probe, maximumPositions: 1000 };
    const decoder = await Decoder.load(fixture(name), options);
    const cache = decoder.createCache({ policy, positions: 'compact' });
    const ids = Array.from({ length: length + 10 }, (_, i) => (13 * i) % 250);
    await feed(decoder, cache, ids, [length, 10]);
    const before = cache.fork();
    // A map of the test's own, through the public way: what the decoder does when positions run out.
    const limited = await Decoder.load(fixture(name), {
      ...options,
      maximumPositions: cache.nextPosition,
    });
    await limited.step([{ cache, input: { ids: [1] } }]);
    let moved = 0;
    for (const [layer, attention] of attentionsOf(decoder.spec).entries()) {
      const rotary = attention.rotary === null ? null : decoder.spec.rotary[attention.rotary]!;
      for (let head = 0; head < attention.keyValueHeads; head++) {
        const old = new Map<number, number>();
        for (const [slot, token] of before.tokens(layer, head).entries()) old.set(token, slot);
        for (const [slot, token] of cache.tokens(layer, head).entries()) {
          const oldSlot = old.get(token);
          if (oldSlot === undefined) continue; // the new token
          const size = attention.headSize;
          const key = [...before.keys(layer, head).slice(oldSlot * size, (oldSlot + 1) * size)];
          const from = before.positions(layer, head)[oldSlot]!;
          const to = cache.positions(layer, head)[slot]!;
          if (to !== from) moved++;
          const turned = rotary === null ? key : turn(turn(key, rotary, from, -1), rotary, to, 1);
          const actual = cache.keys(layer, head).slice(slot * size, (slot + 1) * size);
          expect(largestDifference(actual, turned)).toBeLessThan(1e-5);
        }
      }
    }
    expect(moved).toBeGreaterThan(0);
    await decoder.release();
    await limited.release();
  },
);

/** RoPE forth or back, in plain loops. */
function turn(
  key: readonly number[],
  rotary: Parameters<typeof rotaryRows>[0],
  position: number,
  direction: 1 | -1,
): number[] {
  const { cos, sin } = rotaryRows(rotary, Int32Array.of(position), { sequenceLength: 1 });
  const half = rotary.size / 2;
  const result = [...key];
  for (let i = 0; i < half; i++) {
    // cos and sin carry the attention factor, which comes off again on the way back.
    const scale = direction === 1 ? 1 : 1 / (cos[i]! ** 2 + sin[i]! ** 2);
    const [a, b] = [key[i]! * scale, key[i + half]! * scale];
    result[i] = a * cos[i]! - direction * b * sin[i]!;
    result[i + half] = b * cos[i]! + direction * a * sin[i]!;
  }
  return result;
}

it('lets completeText write on when positions are compact', async () => {
  const decoder = await Decoder.load(fixture('llama-base'), {
    ...quiet,
    maximumPositions: 20,
    chunkSize: 8,
  });
  const tokenizer = await loadTokenizer(fixture('llama-base')).catch(() => null);
  expect(tokenizer).not.toBeNull();
  const cache = decoder.createCache({ policy: sinkRecent({ budget: 8 }), positions: 'compact' });
  const options = { maxNewTokens: 60 };
  for await (const _ of completeText(decoder, tokenizer!, cache, 'a b c', options));
  expect(cache.seen).toBeGreaterThan(20);
  await decoder.release();
});

describe('sinks and recent tokens with positions that run out at every token', () => {
  const names = ['llama-base', 'llama-base-1', 'llama-rope-yarn'];
  it.each(names)('are StreamingLLM, as PyTorch computes it (%s)', async (name) => {
    const recorded = await openSafetensors(join(fixtures, 'streaming-llm.safetensors'));
    const { sinks, recent, ids } = JSON.parse(recorded.metadata.get('facts')!);
    const expected = await recorded.readFloat32(name);
    const { folder, remove } = await modelFolder(name);
    const maximumPositions = sinks + recent + 1;
    const decoder = await Decoder.load(folder, { ...quiet, chunkSize: 1, maximumPositions });
    const policy = sinkRecent({ budget: sinks + recent, sinks });
    const cache = decoder.createCache({ policy, positions: 'compact' });
    const logits = await feed(decoder, cache, ids[name]);
    expect(cache.nextPosition).toBe(maximumPositions);
    const last = logits.slice(-expected.length);
    expect(largestDifference(last, expected)).toBeLessThan(tolerance);
    // Absolute positions, with which such a cache differs, would not pass.
    const far = await Decoder.load(folder, { ...quiet, chunkSize: 1, maximumPositions: 128 });
    const absolute = (await feed(far, far.createCache({ policy }), ids[name])).slice(-last.length);
    expect(largestDifference(absolute, expected)).toBeGreaterThan(100 * tolerance);
    await decoder.release();
    await far.release();
    await remove();
  });
});

/** The folder of a fixture; for a name that ends in -1 one with its first layer alone. */
async function modelFolder(name: string): Promise<{ folder: string; remove(): Promise<void> }> {
  if (!name.endsWith('-1')) return { folder: fixture(name), remove: async () => {} };
  const source = fixture(name.slice(0, -2));
  const folder = await mkdtemp(join(tmpdir(), 'namm-one-layer-'));
  const config = JSON.parse(await readFile(join(source, 'config.json'), 'utf8'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 1 }));
  const file = await openSafetensors(join(source, 'model.safetensors'));
  const tensors: [string, TensorData][] = [];
  for (const { name: tensor, dtype, shape } of file.tensors.values()) {
    if (/layers\.[1-9]/.test(tensor)) continue;
    tensors.push([tensor, { dtype, shape, data: await file.readBytes(tensor) }]);
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
