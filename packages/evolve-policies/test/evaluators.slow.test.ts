import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PreparedSample, scoreSamples } from '@namm/benchmarks';
import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { EvaluationWorkerError, type NamedTensors } from '@namm/evolve';
import { full } from '@namm/kv-cache';
import { type FreshBundle, freshBundle } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type TextEvaluator,
  type TextScore,
  textEvaluator,
  trainableSettings,
} from '../src/index.js';
import { createTrainable } from '../src/trainables/create-trainable.js';
import { normaliserOf } from '../src/trainables/normaliser-tensors.js';
import { testPrompts, testSettings } from './setup.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-evaluators-'));
const settings = testSettings();
let bundle: FreshBundle;
let evaluator: TextEvaluator;
let prompts: PreparedSample[];
let prepared: NamedTensors;

/** Parameters of which some evict much and some little. */
const candidates = [0.02, 0.1, 0.3].map((scale, seed) => {
  const random = new Random(seed);
  return Float64Array.from({ length: 4172 }, () => scale * random.normal());
});

beforeAll(async () => {
  bundle = await freshBundle({
    worker: join(import.meta.dirname, '..', 'src', 'worker.ts'),
    'dying-worker': join(import.meta.dirname, 'dying-worker.ts'),
  });
  evaluator = await textEvaluator(settings);
  const source = await testPrompts();
  // Shorter than an interval, at its end, and beyond.
  const lengths = [64, 130, 200];
  prompts = lengths.map((length, index) =>
    source({ task: 'single-document', split: 'train', length, seed: 1, index }),
  );
  prepared = await evaluator.prepare({ prompts, scope: 'shared' });
}, 120_000);
afterAll(async () => {
  await evaluator.close();
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

const slice = () => ({ id: 'a', prepared, units: prompts, contenders: ['full', ...candidates] });

function pool(name: string, workers: number): Promise<TextEvaluator> {
  return textEvaluator(settings, { workers, workerFile: pathToFileURL(bundle.file(name)) });
}

describe('textEvaluator in this thread', () => {
  it('scores as if nothing were shared, bit for bit', async () => {
    const scores = await evaluator.evaluate(slice());
    const trainable = createTrainable(settings.trainable, normaliserOf(prepared));
    const decoder = await Decoder.load(settings.model.folder, {
      ...{ probe: trainable.policy(candidates[0]!).probe, chunkSize: 64, threads: 1 },
      ropeScaling: { factor: 2, alpha: 2 },
    });
    for (const [i, prepared] of prompts.entries()) {
      for (const [j, candidate] of [null, ...candidates].entries()) {
        const policy = candidate ? trainable.policy(candidate) : full();
        const [alone] = await scoreSamples(decoder, [{ prepared, policy }]);
        const { questions, logProbabilities, memory } = alone!;
        const mean = (values: readonly number[]) =>
          values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(scores[i]![j]).toEqual({
          score: mean(questions),
          logProbability: mean(logProbabilities),
          probability: mean(logProbabilities.map(Math.exp)),
          keptShare: memory.average.keptShare,
          keptAtAnswer: memory.atAnswer.rows / (memory.atAnswer.seen * 8),
          bytesAtAnswer: memory.atAnswer.bytes.used,
          policyBytesAtAnswer: memory.atAnswer.bytes.policy,
        });
      }
    }
    await decoder.release();
    const kept = scores[2]!.map((score) => (score as TextScore).keptShare);
    expect(kept[0]).toBe(1);
    expect(Math.min(...kept)).toBeLessThan(0.9); // else there is nothing that could differ
  });

  it('lets one candidate fail alone', async () => {
    const broken = new Float64Array(4172).fill(1e30);
    const scores = await evaluator.evaluate({
      ...slice(),
      contenders: ['full', broken, candidates[0]!],
    });
    const alone = await evaluator.evaluate({ ...slice(), contenders: ['full', candidates[0]!] });
    expect(scores[2]![1]).toEqual({ failed: expect.stringContaining('score') });
    for (const [i, row] of scores.entries()) expect([row[0], row[2]]).toEqual(alone[i]);
  });

  it.each(['linear', 'mlp', 'key-norm'])('keeps everything where %s starts', async (name) => {
    const trainable = trainableSettings(name, 64);
    const own = await textEvaluator({ ...settings, trainable });
    const statistics = await own.prepare({ prompts, scope: 'per-head' });
    const { dimension } = createTrainable(trainable, normaliserOf(statistics));
    const start = new Float64Array(dimension);
    const work = { id: 'b', prepared: statistics, units: prompts };
    const scores = await own.evaluate({ ...work, contenders: ['full', start] });
    for (const [whole, kept] of scores)
      expect({ ...(kept as TextScore), policyBytesAtAnswer: 0 }).toEqual(whole);
    const other = Float64Array.from(start, (_, i) => (i === dimension - 1 ? -0.1 : 0.3));
    const less = await own.evaluate({ ...work, contenders: [other] });
    expect((less[2]![0] as TextScore).keptShare).toBeLessThan(1);
    await own.close();
  });
});

describe('textEvaluator in worker threads', () => {
  async function expectTheSame(other: TextEvaluator): Promise<void> {
    expect(await other.prepare({ prompts, scope: 'shared' })).toEqual(prepared);
    const wanted = await evaluator.evaluate(slice());
    const slices = [slice(), slice(), slice()];
    const found = await Promise.all(slices.map((each) => other.evaluate(each)));
    for (const scores of found) expect(scores).toEqual(wanted);
  }

  it('gives the same bits as this thread', async () => {
    const threads = await pool('worker', 2);
    expect(threads.version).toBe(evaluator.version);
    await expectTheSame(threads);
    await threads.close();
  });

  it('replaces a thread that dies, and does its work again', async () => {
    process.env.NAMM_DYING_WORKER = JSON.stringify({ folder, deaths: 1 });
    const threads = await pool('dying-worker', 1);
    await expectTheSame(threads);
    await threads.close();
  });

  it('says of a candidate that ends its thread again and again that it has failed', async () => {
    process.env.NAMM_DYING_WORKER = JSON.stringify({ folder, deaths: 'of candidates of 1e9' });
    const threads = await pool('dying-worker', 1);
    const killer = new Float64Array(4172).fill(1e9);
    const own = { ...slice(), units: prompts.slice(0, 1) };
    const [row] = await threads.evaluate({ ...own, contenders: ['full', killer, candidates[0]!] });
    const [wanted] = await evaluator.evaluate({ ...own, contenders: ['full', candidates[0]!] });
    expect([row![0], row![2]]).toEqual(wanted);
    expect(row![1]).toEqual({ failed: expect.stringContaining('has ended') });
    await threads.close();
  });

  it('says what a thread could not load', async () => {
    const model = { ...settings.model, folder: join(folder, 'nothing') };
    const workerFile = pathToFileURL(bundle.file('worker'));
    const started = textEvaluator({ ...settings, model }, { workers: 1, workerFile });
    await expect(started).rejects.toThrow(EvaluationWorkerError);
    await expect(started).rejects.toThrow('config.json: cannot be read');
  });

  it('refuses to have no threads', async () => {
    await expect(pool('worker', 0)).rejects.toThrow('workers: 0');
  });
});
