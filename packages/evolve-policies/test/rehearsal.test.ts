import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import type { NamedTensors } from '@namm/evolve';
import { full, keyDiff, sinkRecent } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  evolvePolicy,
  type TextEvaluator,
  type TextScore,
  type TextUnit,
  textEvaluator,
  trainableSettings,
} from '../src/index.js';
import { Rehearsal } from '../src/text/rehearsal.js';
import { createTrainable } from '../src/trainables/create-trainable.js';
import { normaliserOf } from '../src/trainables/normaliser-tensors.js';
import { folder as model, testPrompts, testSettings } from './setup.js';

const settings = testSettings({ trainable: trainableSettings('linear', 64, { keys: ['norm'] }) });
const { dimension } = createTrainable(settings.trainable, {
  ...{ shape: [18], mean: new Float32Array(18), variance: new Float32Array(18).fill(1) },
  count: Float64Array.of(1),
});
/** The first keeps everything, the others less and less. */
const candidates = [0, 0.3, 0.6, 2].map((scale, seed) => {
  const random = new Random(seed);
  return Float64Array.from({ length: dimension }, () => scale * random.normal());
});
const contenders = ['full', 'sink-recent 0.25', 'keydiff 0.5', ...candidates];
let evaluator: TextEvaluator;
let prompts: TextUnit[];
let prepared: NamedTensors;

beforeAll(async () => {
  evaluator = await textEvaluator(settings);
  const source = await testPrompts();
  prompts = [130, 200, 250].map((length, index) =>
    source({ task: 'single-document', split: 'train', length, seed: 1, index }),
  );
  prepared = await evaluator.prepare({ prompts, scope: 'shared' });
}, 60_000);
afterAll(() => evaluator.close());

async function scores(units: readonly TextUnit[], reading: 'own' | 'shared') {
  const read = units.map((unit) => ({ ...unit, reading }));
  const found = await evaluator.evaluate({ id: reading, prepared, units: read, contenders });
  return found as TextScore[][];
}

describe('a reading that all candidates share', () => {
  it('is each one’s own until something is dropped', async () => {
    const short = prompts.map((prompt) => ({ ...prompt, context: prompt.context.subarray(0, 64) }));
    const [own, shared] = [await scores(short, 'own'), await scores(short, 'shared')];
    // One decision, after which the questions come.
    // One who remembers nothing but what is in the rows remembers nothing before he looks at them.
    const answers = (all: TextScore[][]) =>
      all.map((row) => row.map((score) => ({ ...score, policyBytesAtAnswer: 0 })));
    expect(answers(shared)).toEqual(answers(own));
    expect(new Set(own[0]!.map(({ keptAtAnswer }) => keptAtAnswer)).size).toBeGreaterThan(4);
  });

  it('has one who drops nothing answer as if he had read by himself, and everyone choose by his rules', async () => {
    const [own, shared] = [await scores(prompts, 'own'), await scores(prompts, 'shared')];
    for (const [i] of prompts.entries()) {
      expect(shared[i]![0]).toEqual(own[i]![0]);
      expect(shared[i]![3]).toEqual(own[i]![3]);
      // What sink-recent keeps does not depend on the model.
      expect(shared[i]![1]!.keptAtAnswer).toBe(own[i]![1]!.keptAtAnswer);
      expect(shared[i]![1]!.bytesAtAnswer).toBe(own[i]![1]!.bytesAtAnswer);
      for (const contender of [4, 5, 6]) {
        const [there, here] = [own[i]![contender]!, shared[i]![contender]!];
        expect(Math.abs(here.keptShare - there.keptShare)).toBeLessThan(0.15);
        expect(here.keptShare).toBeLessThan(1);
      }
    }
  });

  it('lets a policy choose again and again among what it still has', async () => {
    const trainable = createTrainable(settings.trainable, normaliserOf(prepared));
    const decoder = await Decoder.load(model, {
      ...{ probe: trainable.reader().probe, chunkSize: 64, threads: 1 },
      ropeScaling: { factor: 2, alpha: 2 },
    });
    try {
      const policies = [keyDiff({ budget: '25%' }), trainable.policy(candidates[2]!), full()];
      const rehearsal = new Rehearsal(trainable.reader(), [
        sinkRecent({ budget: 24 }),
        ...policies,
      ]);
      const whole = decoder.createCache({ policy: rehearsal.policy });
      const held = new Map<string, Set<number>>();
      const { context } = prompts[2]!;
      for (let from = 0; from < context.length; from += 64) {
        const ids = context.subarray(from, from + 64);
        await decoder.step([{ cache: whole, input: { ids }, outputs: 'none' }]);
        const caches = rehearsal.cachesOf(whole);
        expect(caches[0]!.length(0, 0)).toBe(24);
        expect(caches[3]!.length(3, 1)).toBe(whole.seen);
        for (const [i, cache] of caches.entries()) {
          for (const layer of [0, 3]) {
            const tokens = [...cache.tokens(layer, 1)];
            const before = held.get(`${i} ${layer}`);
            expect(tokens.every((token) => token >= from || before?.has(token))).toBe(true);
            held.set(`${i} ${layer}`, new Set(tokens));
            // The rows are those of the whole cache.
            const { headSize } = whole.shape.layers[layer]!;
            const at = tokens[7]! * headSize;
            const key = whole.keys(layer, 1).slice(at, at + headSize);
            expect(cache.keys(layer, 1).slice(7 * headSize, 8 * headSize)).toEqual(key);
          }
          await cache.release();
        }
      }
      expect(rehearsal.keptShares[3]).toBe(1);
      expect(rehearsal.keptShares[1]).toBeLessThan(0.5);
      expect(() => whole.fork()).toThrow('not forked');
      await whole.release();
    } finally {
      await decoder.release();
    }
  });

  it('is a setting of a run, which goes on with the same one only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'namm-rehearsal-'));
    try {
      const source = await testPrompts();
      const stages = [
        { tasks: ['single-document'], length: 130, generations: 2, promptsPerTask: 1 },
      ];
      const own = { ...settings, stages, reading: 'shared' as const };
      const options = { folder, evaluator, prompts: source };
      expect((await evolvePolicy({ ...options, settings: own })).isComplete).toBe(true);
      const log = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n');
      expect(log).toHaveLength(3);
      await expect(
        evolvePolicy({ ...options, settings: { ...own, reading: 'own' } }),
      ).rejects.toThrow('reading');
      await expect(
        evolvePolicy({ ...options, settings: { ...own, reading: 'both' as never } }),
      ).rejects.toThrow("reading: 'both'");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('head biases alone are evolved beside a full cache that is full', async () => {
  const scorer = settings.trainable.kind === 'namm' ? settings.trainable : null;
  const scorerParameters = [...candidates[3]!]; // evicts at the first update
  const trainable = { ...scorer!, scorerParameters, headBias: [4, 2] as const };
  const own = await textEvaluator({ ...settings, trainable });
  const slice = { id: 'a', prepared, units: prompts, contenders: ['full', new Float64Array(8)] };
  const [[whole, evicting]] = (await own.evaluate(slice)) as TextScore[][] as [
    [TextScore, TextScore],
  ];
  await own.close();
  expect(whole.keptAtAnswer).toBe(1);
  expect(evicting.keptAtAnswer).toBeLessThan(0.9);
  expect(whole).toEqual((await scores(prompts, 'own'))[0]![0]);
});
