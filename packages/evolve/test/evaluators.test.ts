import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PreparedSample, scoreSamples } from '@namm/benchmarks';
import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import type { Normaliser } from '@namm/features';
import { full } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EvaluationWorkerError,
  type Evaluator,
  InProcessEvaluator,
  type MemberScore,
  trainableSettings,
  WorkerPoolEvaluator,
} from '../src/index.js';
import { createTrainable } from '../src/trainables/create-trainable.js';
import { type FreshBundle, freshBundle } from './fresh-bundle.js';
import { testPrompts, testSettings } from './setup.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-evaluators-'));
const settings = testSettings();
let bundle: FreshBundle;
let evaluator: InProcessEvaluator;
let prompts: PreparedSample[];
let normaliser: Normaliser;

/** Parameters of which some evict much and some little. */
const members = [0.02, 0.1, 0.3].map((scale, seed) => {
  const random = new Random(seed);
  return Float64Array.from({ length: 4172 }, () => scale * random.normal());
});

beforeAll(async () => {
  bundle = await freshBundle({
    worker: join(import.meta.dirname, '..', 'src', 'worker.ts'),
    'dying-worker': join(import.meta.dirname, 'dying-worker.ts'),
  });
  evaluator = await InProcessEvaluator.load(settings);
  const source = await testPrompts();
  // Shorter than an interval, at its end, and beyond.
  const lengths = [64, 130, 200];
  prompts = lengths.map((length, index) =>
    source({ task: 'single-document', split: 'train', length, seed: 1, index }),
  );
  normaliser = await evaluator.measure(prompts, 'bin');
}, 120_000);
afterAll(async () => {
  await evaluator.close();
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

const slice = () => ({ normaliser, prompts, members: [null, ...members] });

function pool(name: string, workers: number): Promise<WorkerPoolEvaluator> {
  return WorkerPoolEvaluator.start(settings, {
    ...{ workers, workerFile: pathToFileURL(bundle.file(name)) },
  });
}

describe('InProcessEvaluator', () => {
  it('scores as if nothing were shared, bit for bit', async () => {
    const scores = await evaluator.evaluate(slice());
    const trainable = createTrainable(settings.trainable, normaliser);
    const decoder = await Decoder.load(settings.model.folder, {
      ...{ probe: trainable.policy(members[0]!).probe, chunkSize: 64, threads: 1 },
      ropeScaling: { factor: 2, alpha: 2 },
    });
    for (const [i, prepared] of prompts.entries()) {
      for (const [j, member] of [null, ...members].entries()) {
        const policy = member ? trainable.policy(member) : full();
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
    const kept = scores[2]!.map((score) => (score as MemberScore).keptShare);
    expect(kept[0]).toBe(1);
    expect(Math.min(...kept)).toBeLessThan(0.9); // else there is nothing that could differ
  });

  it('lets one member fail alone', async () => {
    const broken = new Float64Array(4172).fill(1e30);
    const scores = await evaluator.evaluate({ ...slice(), members: [null, broken, members[0]!] });
    const alone = await evaluator.evaluate({ ...slice(), members: [null, members[0]!] });
    expect(scores[2]![1]).toEqual({ failed: expect.stringContaining('score') });
    for (const [i, row] of scores.entries()) expect([row[0], row[2]]).toEqual(alone[i]);
  });

  it.each(['linear', 'mlp', 'key-norm'])('keeps everything where %s starts', async (name) => {
    const trainable = trainableSettings(name, 64);
    const own = await InProcessEvaluator.load({ ...settings, trainable });
    const statistics = await own.measure(prompts, 'head');
    const { dimension } = createTrainable(trainable, statistics);
    const start = new Float64Array(dimension);
    const scores = await own.evaluate({ normaliser: statistics, prompts, members: [null, start] });
    for (const [whole, kept] of scores) expect({ ...kept, policyBytesAtAnswer: 0 }).toEqual(whole);
    const other = Float64Array.from(start, (_, i) => (i === dimension - 1 ? -0.1 : 0.3));
    const less = await own.evaluate({ normaliser: statistics, prompts, members: [other] });
    expect((less[2]![0] as MemberScore).keptShare).toBeLessThan(1);
    await own.close();
  });
});

describe('WorkerPoolEvaluator', () => {
  async function expectTheSame(other: Evaluator): Promise<void> {
    expect(await other.measure(prompts, 'bin')).toEqual(normaliser);
    const wanted = await evaluator.evaluate(slice());
    const slices = [slice(), slice(), slice()];
    const found = await Promise.all(slices.map((each) => other.evaluate(each)));
    for (const scores of found) expect(scores).toEqual(wanted);
  }

  it('gives the same bits as this thread', async () => {
    const threads = await pool('worker', 2);
    expect(threads.model).toBe(evaluator.model);
    await expectTheSame(threads);
    await threads.close();
  });

  it('replaces a thread that dies, and does its work again', async () => {
    process.env.NAMM_DYING_WORKER = JSON.stringify({ folder, deaths: 1 });
    const threads = await pool('dying-worker', 1);
    await expectTheSame(threads);
    await threads.close();
  });

  it('says of a member that ends its thread again and again that it has failed', async () => {
    process.env.NAMM_DYING_WORKER = JSON.stringify({ folder, deaths: 'of members of 1e9' });
    const threads = await pool('dying-worker', 1);
    const killer = new Float64Array(4172).fill(1e9);
    const own = { normaliser, prompts: prompts.slice(0, 1), members: [null, killer, members[0]!] };
    const [row] = await threads.evaluate(own);
    const [wanted] = await evaluator.evaluate({ ...own, members: [null, members[0]!] });
    expect([row![0], row![2]]).toEqual(wanted);
    expect(row![1]).toEqual({ failed: expect.stringContaining('has ended') });
    await threads.close();
  });

  it('says what a thread could not load', async () => {
    const model = { ...settings.model, folder: join(folder, 'nothing') };
    const workerFile = pathToFileURL(bundle.file('worker'));
    const started = WorkerPoolEvaluator.start({ ...settings, model }, { workers: 1, workerFile });
    await expect(started).rejects.toThrow(EvaluationWorkerError);
    await expect(started).rejects.toThrow('config.json: cannot be read');
  });

  it('refuses to have no threads', async () => {
    await expect(pool('worker', 0)).rejects.toThrow('workers: 0 is not a whole number');
  });
});
