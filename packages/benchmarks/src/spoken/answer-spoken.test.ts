import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder } from '@namm/decoder';
import { full, sinkRecent, tova } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFiller } from '../../test/test-filler.js';
import { LineStore } from '../compare/line-store.js';
import { generateSample } from '../generate-sample.js';
import { ModelPerProbe } from '../model-per-probe.js';
import { prepareQuestions } from '../prepare-sample.js';
import { scoreSamples } from '../score-samples.js';
import { answerSpoken } from './answer-spoken.js';
import { plainFrame } from './prompt-frame.js';
import { spokenFamilies } from './spoken-families.js';
import type { SpokenResult } from './spoken-result.js';

const encode = (text: string) =>
  Array.from(text.match(/\S+\s*/g) ?? ['x'], (word) => word.length % 23);
const tokenizer = { encode };
let folder: string;
let files: Awaited<ReturnType<typeof randomModel>>;
let models: ModelPerProbe<Decoder>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-spoken-'));
  files = await randomModel({ max_position_embeddings: 4096 });
  models = new ModelPerProbe((probe) => Decoder.load(files.folder, { threads: 1, probe }));
});
afterAll(async () => {
  await models.release();
  await files.remove();
  await rm(folder, { recursive: true });
});

const policies = [
  { name: 'everything', budget: '99%', policy: full() },
  { name: 'sink-recent', budget: '10%', policy: sinkRecent({ budget: 0.1 }) },
  { name: 'tova', budget: '50%', policy: tova({ budget: 0.5 }) },
];

async function ask(name: string, others: Partial<Parameters<typeof answerSpoken>[0]> = {}) {
  const store = await LineStore.open<SpokenResult>(join(folder, name));
  try {
    return await answerSpoken({
      ...{ model: models, tokenizer, frame: plainFrame, filler: testFiller, policies },
      ...{ length: 300, prompts: 1, seed: 1, store, ...others },
    });
  } finally {
    await store.close();
  }
}

describe('answerSpoken', () => {
  it('asks every policy the same, each question alone', async () => {
    const answers = await ask('alone.jsonl');
    expect(answers[1]!.prompts).toEqual(answers[0]!.prompts);
    for (const { keptShare } of answers[2]!.prompts) expect(keptShare).toBeCloseTo(0.1, 2);
    for (const { keptShare } of answers[3]!.prompts) expect(keptShare).toBeCloseTo(0.5, 2);
    for (const [i, family] of spokenFamilies(plainFrame).entries()) {
      const countTokens = (text: string) => encode(text).length;
      const common = { length: 300, split: 'test', seed: 1, index: 0, countTokens } as const;
      const sample = generateSample({ family, filler: testFiller, ...common });
      for (const [question, prepared] of prepareQuestions(sample, tokenizer).entries()) {
        const policy = tova({ budget: 0.5 });
        const [score] = await scoreSamples(models, [{ prepared, policy }]);
        const own = answers[3]!.prompts[i]!;
        expect(own.questions[question]).toBe(score!.questions[0]);
        expect(own.logProbabilities[question]).toBeCloseTo(score!.logProbabilities[0]!, 5);
      }
    }
  });

  it('goes on from its file prompt by prompt, and is the same then', async () => {
    const controller = new AbortController();
    const options = { families: ['trade', 'code'], prompts: 2 };
    const stopped = ask('killed.jsonl', {
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    let reads = 0;
    const counting = {
      createCache: models.createCache.bind(models),
      step: (...args: Parameters<typeof models.step>) => {
        if (args[0][0]!.outputs === 'none') reads++;
        return models.step(...args);
      },
    };
    const resumed = await ask('killed.jsonl', { ...options, model: counting });
    expect(reads).toBe(policies.length); // one prompt was left; the two full caches are one
    expect(resumed).toEqual(await ask('whole.jsonl', options));
    expect(await ask('killed.jsonl', { ...options, prompts: 1 })).toEqual(
      resumed.map((each) => ({ ...each, prompts: each.prompts.slice(0, 2) })),
    );
  });

  it('lets a cache be cut after reading, before the questions', async () => {
    const [whole, cut] = await ask('after.jsonl', {
      families: ['trade'],
      policies: [
        {
          ...{ name: 'first half', budget: '50%', policy: full() },
          async afterReading(cache, ids) {
            expect(ids.length).toBe(cache.seen);
            const half = Uint32Array.from({ length: cache.seen / 2 }, (_, i) => i);
            cache.keep(
              cache.shape.layers.map(({ keyValueHeads }) => Array(keyValueHeads).fill(half)),
            );
          },
        },
      ],
    });
    expect(whole!.prompts[0]!.keptShare).toBe(1);
    expect(cut!.prompts[0]!.keptShare).toBeCloseTo(0.5, 2);
    expect(cut!.prompts[0]!.logProbabilities).not.toEqual(whole!.prompts[0]!.logProbabilities);
  });

  it('refuses a family that there is not', async () => {
    await expect(ask('none.jsonl', { families: ['riddle'] })).rejects.toThrow(/riddle/);
  });
});
