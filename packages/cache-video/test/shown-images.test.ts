import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RetentionRecorder } from '@namm/kv-cache';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EncodedFrame, type Frame, VideoModel } from '../src/index.js';
import { FrameEncoder } from '../src/model/frame-encoder.js';
import { collect } from './helpers.js';

/** What transformers computes, by recipes/shown-images. */
const fixtures = join(import.meta.dirname, '__fixtures__/shown-images');

/** `<|eos|>` */
const eosId = 257;

interface Case {
  readonly key: string;
  /** Numbers of images. */
  readonly images: readonly number[];
  readonly text: string;
  readonly ids: readonly number[];
  readonly greedy: readonly number[];
}

let expected: SafetensorsFile;
let cases: Readonly<Record<string, readonly Case[]>>;
beforeAll(async () => {
  expected = await openSafetensors(join(fixtures, 'expected.safetensors'));
  cases = JSON.parse(await readFile(join(fixtures, 'expected.json'), 'utf8'));
});

async function image(index: number): Promise<Frame> {
  const [height, width] = expected.tensors.get(`image.${index}`)!.shape as [number, number];
  return { timestamp: 0, width, height, rgb: await expected.readBytes(`image.${index}`) };
}

const furthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  let most = 0;
  for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i]! - other[i]!));
  return most;
};

describe.each([
  ['llava', 0.26],
  ['smolvlm', 0.5],
] as const)('images of their own, shown to %s', (name, deviation) => {
  let model: VideoModel;
  beforeAll(async () => {
    model = await VideoModel.load(join(fixtures, name), { threads: 1 });
  });
  afterAll(() => model.release());

  it('become the tiles that transformers cuts, up to a step of a byte', async () => {
    for (const { key, images } of cases[name]!.filter((each) => each.images.length === 1)) {
      const { tiles } = model.prepare(await image(images[0]!), 'images');
      const wanted = await expected.readFloat32(`${key}.pixels`);
      const own = Float32Array.from(tiles.flatMap((tile) => [...tile]));
      // Twice a step: what is resized twice may be rounded twice.
      expect(furthest(own, wanted), key).toBeLessThan(2.01 / 255 / deviation);
    }
  });

  it('become the rows, ids, logits and answers of transformers, one image or several', async () => {
    for (const { key, images, ids, greedy } of cases[name]!) {
      const viewing = model.begin({ shown: 'images', recorder: new RetentionRecorder() });
      const blocks: Float32Array[] = [];
      for (const index of images) {
        const encoded = await encodedAsWanted(index);
        blocks.push(...encoded.blocks);
        await viewing.show(encoded);
      }
      const rows = Float32Array.from(blocks.flatMap((block) => [...block]));
      expect(furthest(rows, await expected.readFloat32(`${key}.rows`)), key).toBeLessThan(1e-4);
      const written: number[] = [];
      const sampling = { temperature: 0 };
      const answer = { maxNewTokens: 8, sampling, onToken: (id: number) => written.push(id) };
      await collect(viewing.ask('What is it?', answer));
      // The question's ids come first.
      expect([...viewing.record()!.ids!, ...written].slice(0, ids.length), key).toEqual(ids);
      const end = greedy.indexOf(eosId) + 1 || greedy.length; // the reference goes on behind it
      const answered = written.slice(ids.length - viewing.memory().seen);
      expect(answered, key).toEqual(greedy.slice(0, end));
      await viewing.release();
      const cache = model.decoder.createCache();
      const embeddings = await model.promptRows(ids, blocks);
      const [last] = await model.decoder.step([{ cache, input: { embeddings }, outputs: 'last' }]);
      expect(furthest(last!.logits, await expected.readFloat32(`${key}.logits`)), key).toBeLessThan(
        1e-4,
      );
      await cache.release();
    }
  });

  /** An image, from the tiles of transformers: ours differ by a step of a byte, and rows by what comes of it. */
  async function encodedAsWanted(index: number): Promise<EncodedFrame> {
    const own = await model.encode(await image(index), 'images');
    const pixels = await expected.readFloat32(`${name}.${index}.pixels`);
    const size = 3 * model.encoder.spec.tower.imageSize ** 2;
    const tiles = own.image.tiles.map((_, i) => pixels.slice(i * size, (i + 1) * size));
    const blocks = await new FrameEncoder(model.encoder, 0).encode({ ...own.image, tiles });
    return { ...own, blocks };
  }
});
