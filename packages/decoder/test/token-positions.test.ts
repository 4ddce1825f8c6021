import { join } from 'node:path';
import { sinkRecent } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheUseError, Decoder, DecoderInputError, PositionLimitError } from '../src/index.js';
import { largestDifference, quiet } from './helpers.js';
import { referenceLogits } from './reference-decoder.js';

const ids = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
/** Time, height and width: two words, a picture of 2 × 3 patches, three words. */
const positions = [
  [0, 0, 0],
  [1, 1, 1],
  [2, 2, 2],
  [2, 2, 3],
  [2, 2, 4],
  [2, 3, 2],
  [2, 3, 3],
  [2, 3, 4],
  [5, 5, 5],
  [6, 6, 6],
  [7, 7, 7],
];

describe('tokens with positions along three axes', () => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    model = await randomModel({
      rope_scaling: { type: 'mrope', mrope_section: [1, 2, 1] },
      head_dim: 8,
      max_position_embeddings: 40,
    });
    decoder = await Decoder.load(model.folder, { ...quiet, chunkSize: 4 });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });

  const weights = () => join(model.folder, 'model.safetensors');
  const reference = async () =>
    (
      await referenceLogits(weights(), decoder.spec, ids, undefined, (_, key) => positions[key]!)
    ).flat();
  const step = async (cache = decoder.createCache(), from = 0, to = ids.length) => {
    const told = Int32Array.from(positions.slice(from, to).flat());
    const input = { ids: ids.slice(from, to), positions: told };
    return (await decoder.step([{ cache, input, outputs: 'all' }]))[0]!.logits;
  };

  it('are rotated as the slow twin rotates them', async () => {
    expect(largestDifference(await step(), await reference())).toBeLessThan(1e-4);
  });

  it('differ from tokens with consecutive positions', async () => {
    const cache = decoder.createCache();
    const [plain] = await decoder.step([{ cache, input: { ids }, outputs: 'all' }]);
    const three = ids.flatMap((_, i) => [i, i, i]);
    const input = { ids, positions: Int32Array.from(three) };
    const [same] = await decoder.step([{ cache: decoder.createCache(), input, outputs: 'all' }]);
    expect(same!.logits).toEqual(plain!.logits);
    expect(largestDifference(plain!.logits, await step())).toBeGreaterThan(0.01);
  });

  it('may come in pieces, and go on behind the largest when positions are left out', async () => {
    const cache = decoder.createCache();
    const first = await step(cache, 0, 8);
    const [rest] = await decoder.step([{ cache, input: { ids: ids.slice(8) }, outputs: 'all' }]);
    const logits = [...first, ...rest!.logits];
    expect(largestDifference(logits, await reference())).toBeLessThan(1e-4);
  });

  it('stay what they are when others are evicted', async () => {
    const policy = sinkRecent({ budget: 6, sinks: 2 });
    const cache = decoder.createCache({ policy });
    const logits = await step(cache);
    // Chunks of 4: after each, tokens 0, 1 and the last four are kept.
    const gone = (_: number, __: number, query: number, key: number) => {
      const before = 4 * Math.floor(query / 4);
      return before > 6 && key >= 2 && key < before - 4;
    };
    const expected = await referenceLogits(
      weights(),
      decoder.spec,
      ids,
      gone,
      (_, key) => positions[key]!,
    );
    expect(largestDifference(logits, expected.flat())).toBeLessThan(1e-4);
  });

  it.each([
    ['too few', Int32Array.of(1, 2), 'Int32Array of 3 for each of 11 tokens, 33 numbers, not 2'],
    ['no integers', new Float32Array(33) as unknown as Int32Array, 'must be an Int32Array'],
    ['negative ones', new Int32Array(33).fill(-1, 7), 'Token 2 has a negative position'],
  ])('are refused when there are %s', async (_, wrong, message) => {
    const cache = decoder.createCache();
    const refused = decoder.step([{ cache, input: { ids, positions: wrong } }]);
    await expect(refused).rejects.toThrow(DecoderInputError);
    await expect(refused).rejects.toThrow(message);
    expect(cache.seen).toBe(0);
  });

  it('are limited by their positions, not by how many they are', async () => {
    const cache = decoder.createCache();
    const many = new Array<number>(100).fill(1);
    const input = { ids: many, positions: new Int32Array(300).fill(39) };
    await decoder.step([{ cache, input }]);
    const more = { ids: [1], positions: Int32Array.of(40, 0, 0) };
    await expect(decoder.step([{ cache, input: more }])).rejects.toThrow(PositionLimitError);
    await expect(decoder.step([{ cache, input: { ids: [1] } }])).rejects.toThrow('reach 41');
  });

  it('cannot be made compact', () => {
    const make = () =>
      decoder.createCache({ policy: sinkRecent({ budget: 8 }), positions: 'compact' });
    expect(make).toThrow(CacheUseError);
  });
});

it('a model that numbers its tokens itself refuses positions', async () => {
  const model = await randomModel();
  const decoder = await Decoder.load(model.folder, quiet);
  const input = { ids: [1], positions: Int32Array.of(0) };
  const step = decoder.step([{ cache: decoder.createCache(), input }]);
  await expect(step).rejects.toThrow('numbers its tokens itself');
  await decoder.release();
  await model.remove();
});

it.each([
  [[1, 1], 'does not share out the 4 frequencies'],
  [[4, 0], 'does not share out'],
  [[1, 1.5, 1.5], 'whole numbers'],
])('mrope_section %j is refused', async (mrope_section, message) => {
  const model = await randomModel({ rope_scaling: { type: 'mrope', mrope_section }, head_dim: 8 });
  await expect(Decoder.load(model.folder, quiet)).rejects.toThrow(message);
  await model.remove();
});
