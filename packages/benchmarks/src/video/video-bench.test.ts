import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VideoModel } from '@namm/cache-video';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import type { Probe } from '@namm/kv-cache';
import { type RandomModel, randomVideoModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateClip } from '../clips/generate-clip.js';
import { LineStore } from '../compare/line-store.js';
import { clipTask } from './clip-task.js';
import { formatVideo } from './format-video.js';
import { longVideoBenchFrames, readLongVideoBench } from './read-long-video-bench.js';
import { readMlvu } from './read-mlvu.js';
import { runVideoBench, totalBytes, type VideoResult } from './run-video-bench.js';
import { scoreWords } from './score-words.js';
import { summariseVideo } from './summarise-video.js';
import { classicVideoContenders } from './video-contender.js';
import { itemTask, readChoice } from './video-item.js';

let folder: string;
let made: RandomModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-video-bench-'));
  made = await randomVideoModel({ family: 'llava_next_video' });
});
afterAll(async () => {
  await made.remove();
  await rm(folder, { recursive: true });
});

const tasks = [0, 1].map((index) =>
  clipTask(generateClip({ length: 12, split: 'test', seed: 1, index })),
);
const base = () => ({
  tasks,
  contenders: classicVideoContenders(1),
  shares: [0.5, 0.25],
  setting: 'random',
  loadModel: (probe: Probe) => VideoModel.load(made.folder, { probe, threads: 1 }),
  framesPerStep: 3,
});

describe('runVideoBench', () => {
  it('gives every policy its share of the bytes, and goes on where it was stopped', async () => {
    const path = join(folder, 'run.jsonl');
    const store = await LineStore.open<VideoResult>(path);
    const stop = new AbortController();
    const stopped = runVideoBench({
      ...base(),
      store,
      signal: stop.signal,
      onProgress: ({ done }) => done === 9 && stop.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    const results = await runVideoBench({ ...base(), store });
    await store.close();
    expect(results).toHaveLength(1 + 2 * 11);
    const full = results[0]!;
    for (const { row, results: own } of results) {
      for (const [i, result] of own.entries()) {
        const { seen, frames, firstToken, tokensPerFrame, answers } = result!;
        expect(answers).toHaveLength(tasks[i]!.questions.length);
        expect(tokensPerFrame).toBe(4);
        expect(seen).toBe(firstToken + 4 * frames);
        if (row.share === null) continue;
        const share = totalBytes(result!) / totalBytes(full.results[i]!);
        if (row.contender === 'fewer frames') expect(frames).toBe(12 * row.share);
        else expect(share, row.contender).toBeLessThanOrEqual(row.share);
        expect(share).toBeGreaterThan(row.share - 0.15);
      }
    }
    // All is in the file: no model is needed any more.
    const again = await LineStore.open<VideoResult>(path);
    const loadModel = () => Promise.reject(new Error('there is no model'));
    const read = await runVideoBench({ ...base(), store: again, loadModel });
    await again.close();
    expect(read).toEqual(results);
    const text = formatVideo(summariseVideo(read, tasks), { style: 'plain' });
    expect(text).toContain('2 videos');
    expect(text).toContain('infinipot-v');
  });

  it('leaves a video out that cannot be read, and says why', async () => {
    const store = await LineStore.open<VideoResult>(join(folder, 'unreadable.jsonl'));
    const [first, second] = tasks;
    const broken = {
      ...first!,
      id: 'broken',
      async *frames() {
        yield* first!.frames();
        throw new FileFormatError('broken.mp4', 'is damaged');
      },
    };
    const options = { ...base(), shares: [0.5], store };
    const contenders = options.contenders.slice(0, 2);
    await expect(
      runVideoBench({ ...options, contenders, tasks: [broken, second!] }),
    ).rejects.toThrow(FileFormatError);
    const told: unknown[] = [];
    const onUnreadable = (id: string, error: unknown) => told.push([id, String(error)]);
    const some = { ...options, contenders, onUnreadable };
    const results = await runVideoBench({ ...some, tasks: [broken, second!] });
    expect(told).toEqual([['broken', expect.stringContaining('broken.mp4: is damaged')]]);
    for (const { results: own } of results) expect(own.map(Boolean)).toEqual([false, true]);
    const rows = summariseVideo(results, [broken, second!]);
    expect(rows.map(({ videos }) => videos)).toEqual(rows.map(() => 1));
    await expect(runVideoBench({ ...some, tasks: [broken] })).rejects.toThrow('is damaged');
    await store.close();
  });

  it('refuses what cannot be measured, before a model is loaded', async () => {
    const store = await LineStore.open<VideoResult>(join(folder, 'none.jsonl'));
    const loadModel = () => Promise.reject(new Error('loaded'));
    const contender = classicVideoContenders(1)[0]!;
    for (const wrong of [
      ...[{ shares: [1] }, { shares: [0] }, { tasks: [] }, { framesPerStep: 0 }],
      ...[{ tasks: [tasks[0]!, tasks[0]!] }, { contenders: [contender, contender] }],
      { budget: 1 } as object,
    ]) {
      const run = runVideoBench({ ...base(), loadModel, store, ...wrong });
      await expect(run).rejects.toThrow(InvalidArgumentError);
    }
    const empty = { id: 'empty', frames: () => [], questions: [] };
    await expect(runVideoBench({ ...base(), store, tasks: [empty] })).rejects.toThrow(/no frame/);
    await store.close();
  });
});

it('computes means over kinds, and pairs rows by video', () => {
  const question = (kind: string, isHeldOut = false) => ({
    ...{ kind, isHeldOut, text: '', maxNewTokens: 1 },
    score: () => 0,
  });
  const asked = { questions: [question('one'), question('two', true)] };
  const result = (scores: number[], bytes: number): VideoResult => ({
    ...{ answers: [], scores, frames: 1, seen: 10, kept: bytes / 100 },
    bytes: { keysAndValues: bytes, positions: 0, policy: 0 },
    ...{ firstToken: 0, tokensPerFrame: 1 },
  });
  const row = (contender: string, share: number | null) => ({ contender, version: '', share });
  const rows = summariseVideo(
    [
      { row: row('full', null), results: [result([1, 0], 100), result([0.5, 0.5], 100)] },
      { row: row('fewer frames', 0.5), results: [result([0, 0], 50), result([0, 0.5], 50)] },
      { row: row('some', 0.5), results: [result([1, 0.25], 40), result([1, 0.75], 60)] },
      { row: row('open', 0.5), results: [result([1, 1], 50), result([1, 1], 50)] },
    ],
    [asked, asked],
    { resamples: 200 },
  );
  const some = rows[2]!;
  expect(some.bytesShare).toBe(0.5);
  expect(some.kept).toBe(0.5);
  expect(Object.fromEntries(some.kinds)).toEqual({ one: 1, two: 0.5 });
  expect(some.groups.all!.score.estimate).toBe(0.75);
  expect(some.groups.all!.ratio!.estimate).toBe(1.5);
  expect(some.groups.seen!.ratio!.estimate).toBeCloseTo(1 / 0.75);
  expect(some.groups.heldOut!.score.estimate).toBe(0.5);
  // Better by a quarter on each video: so is it in every resample.
  expect(some.groups.all!.overFull).toMatchObject({ estimate: 0.25, lower: 0.125, upper: 0.375 });
  expect(rows[0]!.groups.all!.overFewerFrames).toBeUndefined();
  expect(rows[1]!.groups.all!.overFewerFrames).toBeUndefined();
  expect(rows[3]!.groups.all!.overFewerFrames!.estimate).toBe(0.875);
});

it('scores answers in words', () => {
  expect(scoreWords('The Red ring.', ['red ring'])).toBe(1);
  expect(scoreWords(' red ring blue bar', ['red ring'])).toBe(1);
  expect(scoreWords('a ring that is red', ['red ring'])).toBe(0);
  expect(scoreWords('', ['red ring'])).toBe(0);
  expect(scoreWords('red ring, blue bar, red dot', ['red ring', 'green bar', 'red dot'])).toBe(
    2 / 3,
  );
  expect(scoreWords('red ring blue bar red dot', ['red ring', 'blue bar'])).toBe(2 / 3);
  expect(scoreWords('red ring', ['red ring', 'blue bar'])).toBe(1 / 2);
});

it('reads the letter of an option', () => {
  const read = ['(B) a dog', 'The answer is C.', 'D', 'B', 'A dog, I am sure', 'none'].map(
    (answer) => readChoice(answer, 4),
  );
  expect(read).toEqual([1, 2, 3, 1, 0, null]);
  expect(readChoice('E', 4)).toBeNull();
});

describe('published sets', () => {
  const item = {
    ...{ id: 'one', video_path: 'one.mp4', question: 'What?', correct_choice: 1, duration: 8.2 },
    ...{ candidates: ['a dog', 'a cat'], question_category: 'S2E' },
  };

  it('reads LongVideoBench', async () => {
    const root = join(folder, 'lvb');
    await expect(readLongVideoBench(root)).rejects.toThrow(FileFormatError);
    await mkdir(join(root, 'videos'), { recursive: true });
    const list = (items: unknown) => writeFile(join(root, 'lvb_val.json'), JSON.stringify(items));
    await list([item, { ...item, id: 'two', video_path: 'two.mp4' }]);
    await expect(readLongVideoBench(root)).rejects.toThrow(/none of its 2 videos/);
    await writeFile(join(root, 'videos', 'one.mp4'), '');
    const { items, missing } = await readLongVideoBench(root);
    expect(missing).toEqual([join(root, 'videos', 'two.mp4')]);
    const task = itemTask(items[0]!, () => []);
    expect(task.questions[0]!.text).toMatch(/^What\?\nA\. a dog\nB\. a cat\n/);
    expect(['B', '(A)'].map((answer) => task.questions[0]!.score(answer))).toEqual([1, 0]);
    // Without a letter it is drawn, and the same in every run.
    const unread = task.questions[0]!.score('hm');
    expect([0, 1]).toContain(unread);
    expect(task.questions[0]!.score('well')).toBe(unread);
    for (const wrong of [
      [{ ...item, correct_choice: 2 }],
      [{ ...item, candidates: undefined }],
      {},
    ]) {
      await list(wrong);
      await expect(readLongVideoBench(root)).rejects.toThrow(FileFormatError);
    }
    await writeFile(join(root, 'lvb_val.json'), 'no json');
    await expect(readLongVideoBench(root)).rejects.toThrow(/not JSON/);
  });

  it('chooses the frames of LongVideoBench', () => {
    expect(longVideoBenchFrames(100, 10.9, 4)).toEqual([0, 25, 50, 75]);
    expect(longVideoBenchFrames(30, 3.5, 32)).toEqual([0, 10, 20]);
    expect(longVideoBenchFrames(5, 0.4, 32)).toEqual([0]);
    expect(() => longVideoBenchFrames(0, 1, 1)).toThrow(InvalidArgumentError);
  });

  it('reads MLVU, in both layouts of its videos', async () => {
    const root = join(folder, 'mlvu');
    await mkdir(join(root, 'json'), { recursive: true });
    await expect(readMlvu(root)).rejects.toThrow(/1_plotQA.json/);
    for (const place of ['1_plotQA', 'count']) {
      await mkdir(join(root, 'video', place), { recursive: true });
      await writeFile(join(root, 'video', place, 'one.mp4'), '');
    }
    const mlvu = { video: 'one.mp4', duration: 9, question: 'How many?', answer: 'two' };
    const list = JSON.stringify([{ ...mlvu, candidates: ['one', 'two'] }]);
    await writeFile(join(root, 'json', '1_plotQA.json'), list);
    await writeFile(join(root, '4_count.json'), list);
    const { items, missing } = await readMlvu(root);
    expect(missing).toEqual([]);
    expect(items.map(({ kind, answer }) => [kind, answer])).toEqual([
      ['plotQA', 1],
      ['count', 1],
    ]);
    const { score } = itemTask(items[0]!, () => []).questions[0]!;
    expect(['B) two', 'two', 'A'].map(score)).toEqual([1, 0, 0]);
    await writeFile(
      join(root, '4_count.json'),
      JSON.stringify([{ ...mlvu, candidates: ['a', 'b'] }]),
    );
    await expect(readMlvu(root)).rejects.toThrow(/'two' is none/);
  });
});
