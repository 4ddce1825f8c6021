import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder } from '@namm/decoder';
import { taughtPolicy } from '@namm/kv-cache';
import { openTaught, readTaught, taught, writeTaught } from '@namm/teach';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TuneTaughtOptions, tuneTaught } from '../src/index.js';
import { TaughtAssessor } from '../src/taught/taught-assessor.js';
import { folder as model, texts } from './setup.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-tune-'));
});
afterAll(() => rm(folder, { recursive: true }));

const ropeScaling = { factor: 4 };
const prose = texts.filter(({ kind }) => kind === 'prose');
const optionsIn = (name: string): TuneTaughtOptions => ({
  ...{ folder: join(folder, name), model: { folder: model, ropeScaling } },
  ...{ budget: '10%', texts: prose, length: 400, questions: 2, prompts: 1, generations: 3 },
  ...{ populationSize: 4, sigma: 0.5, seed: 2, validation: { every: 1, prompts: 2 } },
});

it('is never worse than its start, goes on after it was stopped to the same numbers, and gives a scorer', async () => {
  const fitness: number[] = [];
  const whole = await tuneTaught({
    ...optionsIn('whole'),
    onGeneration: ({ validation }) => fitness.push(validation!.fitness),
  });
  expect(fitness).toHaveLength(4); // the start, then each generation
  expect(whole.isComplete).toBe(true);
  expect(whole.best!.fitness).toBe(Math.max(...fitness));
  expect(whole.best!.fitness).toBeGreaterThanOrEqual(fitness[0]!);
  expect(new Set(fitness).size).toBeGreaterThan(1); // biases change what is answered

  const controller = new AbortController();
  const stopped = await tuneTaught({
    ...optionsIn('stopped'),
    signal: controller.signal,
    onGeneration: ({ generation }) => {
      if (generation === 1) controller.abort();
    },
  });
  expect(stopped.isComplete).toBe(false);
  const resumed = await tuneTaught(optionsIn('stopped'));
  expect(resumed).toEqual(whole);

  const file = join(folder, 'tuned.safetensors');
  await writeTaught(file, whole.best!.checkpoint);
  expect((await readTaught(file)).map).toEqual(whole.best!.checkpoint.map);
  const policy = await taught({ checkpoint: file, budget: '10%' });
  const decoder = await Decoder.load(model, { threads: 1, chunkSize: 64, ropeScaling });
  const cache = decoder.createCache({ policy });
  await decoder.step([
    { cache, input: { ids: Int32Array.from({ length: 300 }, (_, i) => i % 90) } },
  ]);
  expect(cache.memory().rows).toBeLessThanOrEqual(0.1 * 300 * 8);
  await cache.release();
  await decoder.release();
}, 120_000);

it('validates by reading as the policy does, and trains on what it would keep of one reading', async () => {
  const settings = { model: { folder: model, ropeScaling }, taught: 'nano-llama', budget: '20%' };
  const assessor = await TaughtAssessor.load(settings);
  const ids = Int32Array.from({ length: 300 }, (_, i) => (7 * i * i + i) % 90);
  const question = {
    ...{ id: 'a', family: 'a', context: ids, tail: Int32Array.of(3, 5, 9) },
    questions: [{ parts: [{ from: 1, to: 3 }] }],
  };
  const decoder = await Decoder.load(model, { threads: 1, chunkSize: 256, ropeScaling });
  try {
    for (const readsAlone of [true, false]) {
      const slice = {
        ...{ id: 'x', prepared: new Map() as never, contenders: [new Float64Array(8), 'full'] },
        units: [{ questions: [question], readsAlone }],
      };
      const [[own, full]] = (await assessor.assess(slice)) as [[never, never]];
      expect(full).toMatchObject({ keptShare: 1 });
      expect((own as { keptShare: number }).keptShare).toBeCloseTo(0.2, 2);
      const { map } = await openTaught('nano-llama');
      const policy = taughtPolicy(map, { budget: '20%' });
      const cache = decoder.createCache(readsAlone ? { policy } : {});
      await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
      if (!readsAlone) cache.keep(await policy.start(cache.shape).select(cache));
      const [result] = await decoder.step([
        { cache, input: { ids: question.tail }, outputs: 'all' },
      ]);
      const size = result!.logits.length / 3;
      const logProbability = (row: number, id: number) => {
        const logits = result!.logits.subarray(row * size, (row + 1) * size);
        const most = Math.max(...logits);
        return (
          logits[id]! - most - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0))
        );
      };
      const wanted = (logProbability(0, 5) + logProbability(1, 9)) / 2;
      expect((own as { logProbability: number }).logProbability).toBeCloseTo(wanted, 4);
    }
  } finally {
    await decoder.release();
    await assessor.close();
  }
});

it('says what cannot be', async () => {
  const other = { ...optionsIn('other'), taught: 'nano-qwen3' };
  await expect(tuneTaught(other)).rejects.toThrow(/scorer/);
  await expect(tuneTaught({ ...optionsIn('a'), questions: 0 })).rejects.toThrow('questions');
  await expect(tuneTaught({ ...optionsIn('b'), budget: 'much' })).rejects.toThrow('budget');
});
