import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { sinkRecent, tova } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelPerProbe } from '../model-per-probe.js';
import { type RunComparisonOptions, runComparison } from './run-comparison.js';

let folder: string;
let files: Awaited<ReturnType<typeof randomModel>>;
let options: RunComparisonOptions;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-comparison-'));
  files = await randomModel({ max_position_embeddings: 4096 });
  const random = new Random(2);
  const passage = () => Int32Array.from({ length: 48 }, () => random.integer(20));
  const encode = (text: string) =>
    Array.from(text.match(/\S+\s*/g) ?? ['x'], (word) => word.length % 20);
  const decode = (ids: Iterable<number>) => [...ids].join(' ');
  const policies = [
    { name: 'sink-recent', budget: '50%', policy: sinkRecent({ budget: 0.5 }) },
    { name: 'tova', budget: '25%', policy: tova({ budget: 0.25 }) },
  ];
  options = {
    models: new ModelPerProbe((probe) => Decoder.load(files.folder, { threads: 1, probe })),
    tokenizer: { encode, decode, chatTemplates: [], applyChatTemplate: () => '' },
    passages: [passage(), passage()],
    texts: [{ name: 'a', text: 'He went home by the old river at night. '.repeat(200) }],
    ...{ policies, prompts: 1, families: ['trade'], length: 200, seed: 1 },
    out: join(folder, 'whole'),
  };
});
afterAll(async () => {
  await files.remove();
  await rm(folder, { recursive: true });
});

it('compares on passages and by questions, says both, and goes on from its files', async () => {
  const stages = new Set<string>();
  const text = await runComparison({ ...options, onProgress: ({ stage }) => stages.add(stage) });
  expect([...stages]).toEqual(['sink-recent', 'tova', 'questions']);
  for (const name of ['full', 'sink-recent', 'tova']) {
    expect(text.match(new RegExp(`^${name} `, 'gm'))).toHaveLength(2);
  }
  const { rows, questions } = JSON.parse(await readFile(join(folder, 'whole.json'), 'utf8'));
  expect(rows.map(({ name }: { name: string }) => name)).toEqual(['full', 'sink-recent', 'tova']);
  expect(questions).not.toBeNull();
  expect(await runComparison(options)).toBe(text); // speeds too, so nothing was measured again
});

it('asks questions alone, or none', async () => {
  const asked = await runComparison({ ...options, passages: [], out: join(folder, 'asked') });
  expect(asked.match(/^full /gm)).toHaveLength(1);
  const read = await runComparison({ ...options, prompts: 0, out: join(folder, 'read') });
  expect(read.match(/^full /gm)).toHaveLength(1);
  const { questions } = JSON.parse(await readFile(join(folder, 'read.json'), 'utf8'));
  expect(questions).toBeNull();
});
