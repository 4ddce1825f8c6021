import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { RowFeatures, scoreTokens, taughtPolicy } from '@namm/kv-cache';
import { openSafetensors, writeSealedFile } from '@namm/tensors';
import { expectFlipsSeen, type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttentionMaxima } from './attention-maxima.js';
import { cutPassages } from './passages.js';
import { readTaught, writeTaught } from './taught-file.js';
import { type TeachOptions, teachScorer } from './teach-scorer.js';

let random: RandomModel;
let model: Decoder;
let folder: string;
beforeAll(async () => {
  random = await randomModel();
  const probe = { kind: 'columnMaxima' } as const;
  model = await Decoder.load(random.folder, { probe, chunkSize: 16, threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'namm-teach-'));
});
afterAll(async () => {
  await model.release();
  await random.remove();
  await rm(folder, { recursive: true });
});

const numbers = new Random(4);
const text = Array.from({ length: 600 }, () => numbers.integer(23));
const passages = cutPassages([text], { length: 60, count: 6, heldOut: 2 });
const optionsIn = (name: string): TeachOptions => {
  return { model, prompt: [7, 19, 2], passages, folder: join(folder, name) };
};
const weightsOf = ({ map }: Awaited<ReturnType<typeof teachScorer>>) =>
  map.layers.map(({ weights }) => [...weights]);

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number) => x.reduce((total, _, i) => total + f(i), 0);
  const spread = (z: readonly number[], m: number) => Math.sqrt(sum((i) => (z[i]! - m) ** 2));
  return sum((i) => (x[i]! - mx) * (y[i]! - my)) / (spread(x, mx) * spread(y, my));
}

describe('teachScorer', () => {
  it('learns what the teacher scores, and its policy keeps what it says', async () => {
    const scorer = await teachScorer(optionsIn('whole'));
    const { correlation, layers, tokens } = scorer.quality;
    expect(correlation).toBeGreaterThan(0.5); // the model is random, its attention is not flat
    expect(layers).toHaveLength(2);
    expect(tokens).toEqual({ fitted: 6 * 56, heldOut: 2 * 56 });
    expect([...scorer.quantiles]).toEqual([...scorer.quantiles].sort((a, b) => a - b));
    const half = taughtPolicy(scorer.map, {
      threshold: scorer.quantiles[50]!,
      recent: 0,
      sinks: 0,
    });
    let [kept, seen] = [0, 0];
    for (const { ids } of passages.filter(({ isHeldOut }) => isHeldOut)) {
      const cache = model.createCache({ policy: half });
      await model.step([{ cache, input: { ids } }]);
      kept += cache.memory().rows;
      seen += 4 * ids.length;
    }
    expect(kept / seen).toBeCloseTo(0.5, 1);
  });

  it('goes on after it was stopped anywhere, to the same numbers', async () => {
    const wanted = await teachScorer(optionsIn('whole'));
    for (const stopAt of [1, 3, 7]) {
      const controller = new AbortController();
      const stopped = teachScorer({
        ...optionsIn(`stopped-${stopAt}`),
        signal: controller.signal,
        onProgress: ({ done }) => {
          if (done === stopAt) controller.abort(new Error('stopped'));
        },
      });
      await expect(stopped).rejects.toThrow('stopped');
      const resumed = await teachScorer(optionsIn(`stopped-${stopAt}`));
      expect(weightsOf(resumed)).toEqual(weightsOf(wanted));
      expect(resumed.quality).toEqual(wanted.quality);
    }
  });

  it('learns what questions look at', async () => {
    // Questions give attention to one place of each passage; without them the text alone counts.
    const asked = passages.map((passage) => ({ ...passage, asked: Int32Array.of(3, 9, 14) }));
    const scorer = await teachScorer({ ...optionsIn('asked'), passages: asked });
    const plain = await teachScorer(optionsIn('whole'));
    const heldOut = asked.filter(({ isHeldOut }) => isHeldOut);
    const wanted: number[] = [];
    const got: { readonly asked: number[]; readonly plain: number[] } = { asked: [], plain: [] };
    for (const { ids, asked: question } of heldOut) {
      const cache = model.createCache();
      await model.step([{ cache, input: { ids } }]);
      const maxima = new AttentionMaxima(cache);
      await model.step([{ cache: cache.fork(maxima.policy), input: { ids: question } }]);
      const features = new RowFeatures(model.cacheShape);
      for (const [name, { map }] of [
        ['asked', scorer],
        ['plain', plain],
      ] as const) {
        const alone = { ...map, shared: 0 }; // each head is taught what is looked at in it
        const scores = scoreTokens(alone, (layer) => features.read(cache, layer, 0));
        got[name].push(...scores.flat().flatMap((own) => [...own]));
      }
      for (const heads of maxima.scores) {
        wanted.push(...heads.flatMap((head) => Array.from(head, (a) => Math.log(a + 1e-2))));
      }
    }
    expect([scorer.map.shared, plain.map.shared]).toEqual([2, 0]);
    expect(correlation(got.asked, wanted)).toBeGreaterThan(0.5);
    expect(correlation(got.asked, wanted)).toBeGreaterThan(correlation(got.plain, wanted));
    const others = { ...optionsIn('asked'), passages: passages };
    await expect(teachScorer(others)).rejects.toThrow(/other text, model or settings/);
  });

  it('refuses the folder of another run, and damaged sums', async () => {
    await teachScorer(optionsIn('other'));
    const fewer = { ...optionsIn('other'), passages: passages.slice(0, 4) };
    await expect(teachScorer(fewer)).rejects.toThrow(/other text, model or settings/);
    const [file] = (await readdir(join(folder, 'other'))).map((name) =>
      join(folder, 'other', name),
    );
    await expectFlipsSeen(file!, () => teachScorer(optionsIn('other')), { flips: 60 });
    const bytes = await readFile(file!);
    await writeFile(file!, bytes.subarray(0, bytes.length - 100));
    await expect(teachScorer(optionsIn('other'))).rejects.toThrow(file!);
  });

  it('says when there is too little to fit to', async () => {
    const short = cutPassages([text], { length: 20, count: 1, heldOut: 1 });
    const options = { ...optionsIn('short'), passages: short };
    await expect(teachScorer(options)).rejects.toThrow(/16 tokens are fewer than the 27 inputs/);
    const none = { ...optionsIn('none'), passages: passages.filter((each) => !each.isHeldOut) };
    await expect(teachScorer(none)).rejects.toThrow(/no passage is held out/);
  });

  it('goes to a file and back, and damage is told', async () => {
    const scorer = await teachScorer(optionsIn('whole'));
    const path = join(folder, 'scorer.safetensors');
    await writeTaught(path, { ...scorer, provenance: { model: 'random' } });
    const read = await readTaught(path);
    expect(read).toEqual({
      map: scorer.map,
      quantiles: scorer.quantiles,
      provenance: { model: 'random' },
    });
    await expectFlipsSeen(path, readTaught);
    const { metadata } = await openSafetensors(path);
    const other = join(folder, 'other.safetensors');
    const broken = (change: Record<string, string>, weights = scorer.map.layers[0]!.weights) =>
      writeSealedFile(
        other,
        [
          ...scorer.map.layers.map((layer, i) => {
            const data = i === 0 ? weights : layer.weights;
            return [`layers.${i}.weights`, { shape: [data.length], data }] as const;
          }),
          ['quantiles', { shape: [101], data: scorer.quantiles }],
        ],
        { ...Object.fromEntries(metadata), ...change },
      );
    await broken({ format: 'something' });
    await expect(readTaught(other)).rejects.toThrow(/not a taught scorer/);
    await broken({ version: '9' });
    await expect(readTaught(other)).rejects.toThrow(/version "9"/);
    await broken({ settings: 'x' });
    await expect(readTaught(other)).rejects.toThrow(/settings are not JSON/);
    await broken(
      {},
      scorer.map.layers[0]!.weights.map((weight, i) => (i === 5 ? NaN : weight)),
    );
    await expect(readTaught(other)).rejects.toThrow(/weight 5 is NaN/);
    await broken({}, scorer.map.layers[0]!.weights.slice(1));
    await expect(readTaught(other)).rejects.toThrow(/has 53 numbers/);
  });
});
