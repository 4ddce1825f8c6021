import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder } from '@namm/decoder';
import { full, sinkRecent } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { expect, it } from 'vitest';
import { testFiller } from '../../test/test-filler.js';
import { LineStore } from '../compare/line-store.js';
import { answerSpoken, formatSpoken, type SpokenResult, summariseSpoken } from './answer-spoken.js';
import { plainFrame } from './prompt-frame.js';

it('asks every policy the same, goes on from its file, and counts what the full cache knows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'namm-spoken-'));
  const files = await randomModel({ max_position_embeddings: 4096 });
  const model = await Decoder.load(files.folder, { threads: 1 });
  const encode = (text: string) =>
    Array.from(text.match(/\S+\s*/g) ?? ['x'], (word) => word.length % 23);
  let asked = 0;
  const counting = {
    createCache: model.createCache.bind(model),
    step: (...args: Parameters<typeof model.step>) => {
      asked++;
      return model.step(...args);
    },
  };
  const run = async () => {
    const store = await LineStore.open<SpokenResult>(join(folder, 'answers.jsonl'));
    const answers = await answerSpoken({
      ...{ model: counting, tokenizer: { encode }, frame: plainFrame, filler: testFiller },
      policies: [
        { name: 'everything', budget: '99%', policy: full() },
        { name: 'sink-recent', budget: '10%', policy: sinkRecent({ budget: 0.1 }) },
      ],
      ...{ length: 300, prompts: 1, seed: 1, store },
    });
    await store.close();
    return answers;
  };
  const answers = await run();
  expect(answers[1]!.prompts.map(({ questions }) => questions)).toEqual(
    answers[0]!.prompts.map(({ questions }) => questions),
  );
  for (const { keptShare } of answers[2]!.prompts) expect(keptShare).toBeCloseTo(0.1, 2);
  const before = asked;
  expect(await run()).toEqual(answers);
  expect(asked).toBe(before);

  const result = (family: string, right: number) => ({
    ...{ family, keptShare: 1, questions: [right, right, right] },
  });
  const summary = summariseSpoken([
    { name: 'full', budget: '100%', prompts: [result('code', 1), result('trade', 0)] },
    { name: 'other', budget: '25%', prompts: [result('code', 0), result('trade', 1)] },
  ]);
  expect(summary).toMatchObject({ counted: ['code'], left: ['trade'] });
  expect(summary.rows.map(({ answered, questions }) => [answered.estimate, questions])).toEqual([
    [1, 3],
    [0, 3],
  ]);
  expect(formatSpoken(summary)).toContain('the full cache fails trade');
  await model.release();
  await files.remove();
  await rm(folder, { recursive: true });
});
