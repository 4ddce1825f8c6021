import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { Decoder, greedy } from '@namm/decoder';
import {
  createPolicy,
  full,
  h2o,
  h2oScorer,
  keyDiff,
  policyNames,
  scoredPolicy,
  sinkRecent,
  snapKV,
} from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import { LineStore } from '../../compare/line-store.js';
import { ModelPerProbe } from '../../model-per-probe.js';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { OfficialScorerError } from '../scores/score-infinitebench.js';
import { diffRuns, formatDifferences } from './diff-runs.js';
import { formatRun, mapsToCsv } from './format-run.js';
import type { Answer } from './group-reading.js';
import { heatMaps } from './heat-maps.js';
import { type PromptTokenizer, preparePrompt } from './prepare-prompt.js';
import type { PublicResult } from './public-result.js';
import { type RunBenchmarksOptions, runBenchmarks } from './run-benchmarks.js';
import { openRunFolder, readRunResults, writeRun } from './run-folder.js';
import { runPlan } from './run-plan.js';
import { summariseRun } from './summarise-run.js';

const chunkSize = 16;
let folder: string;
let files: RandomModel;
let models: ModelPerProbe<Decoder>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-public-run-'));
  files = await randomModel();
  models = new ModelPerProbe((probe) =>
    Decoder.load(files.folder, { chunkSize, threads: 1, probe }),
  );
});
afterAll(async () => {
  await models.release();
  await files.remove();
  await rm(folder, { recursive: true });
});

/** One letter is one token. */
const tokenizer: PromptTokenizer = {
  encode: (text) => [...text].map((letter) => letter.charCodeAt(0) - 97),
  decode: (ids) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(''),
  chatTemplates: ['default'],
  applyChatTemplate: ([message]) => `uu${message!.content}aa`,
};

const answer: Answer = async function* (cache, ids, { maxNewTokens, onToken }) {
  const model = await models.of(cache.policy.probe);
  onToken();
  let count = 0;
  for await (const id of greedy(model, cache, ids)) {
    onToken();
    yield tokenizer.decode([id]);
    if (++count === maxNewTokens) break;
  }
};

function text(length: number, seed: number): string {
  const random = new Random(seed);
  return tokenizer.decode(Array.from({ length }, () => random.integer(23)));
}

const item = (id: string, prompt: string, more: Partial<PublicItem> = {}): PublicItem => ({
  ...{ id, prompt, answerPrefix: '', groups: {}, score: (said) => (said.charCodeAt(0) % 4) / 3 },
  ...more,
});
const task = (name: string, items: readonly PublicItem[]): PublicTask => ({
  ...{ benchmark: 'Made up', name, family: 'any', maxNewTokens: 4, usesChatTemplate: false },
  ...{ firstLineOnly: false, items, problems: [] },
});

const policies: readonly ComparedPolicy[] = [
  { name: 'full', budget: '100%', policy: full() },
  { name: 'h2o', budget: '12', policy: h2o({ budget: 12 }) },
  { name: 'snapkv', budget: '50%', policy: snapKV({ budget: '50%' }) },
  { name: 'keydiff', budget: '25%', policy: keyDiff({ budget: '25%' }) },
  { name: 'sink-recent', budget: '8', policy: sinkRecent({ budget: 8 }) },
];

let runs = 0;
async function run({
  path = join(folder, `run-${runs++}.jsonl`),
  ...options
}: Partial<RunBenchmarksOptions> & Pick<RunBenchmarksOptions, 'tasks'> & { path?: string }) {
  const store = await LineStore.open<PublicResult>(path);
  const common = { model: models, chunkSize, tokenizer, answer, policies, store, maxTokens: 200 };
  const { results } = await runBenchmarks({ ...common, ...options }).finally(() => store.close());
  return results;
}
const timeless = (results: readonly PublicResult[]) =>
  results.map(({ seconds: _, residentBytes: __, task: ___, text: ____, ...rest }) => rest);

describe('runBenchmarks', () => {
  const document = text(70, 1);
  const alike = [1, 2, 3].map((i) =>
    item(`alike ${i}`, document + text(9 + 7 * i, 10 + i), { text: 'alike 1' }),
  );
  const other = item('other', text(50, 5));

  it('reads what prompts share once, and answers as if each were read by itself', async () => {
    let read = 0;
    const counting: RunBenchmarksOptions['model'] = {
      createCache: (options) => models.createCache(options),
      step(items, options) {
        read += 'ids' in items[0]!.input ? items[0]!.input.ids.length : 0;
        return models.step(items, options);
      },
    };
    const all = [...alike, other];
    const together = await run({ model: counting, tasks: [task('t', all)] });
    const shared = 64 * 2; // four chunks, not read again for two prompts
    const total = all.reduce((sum, { prompt }) => sum + prompt.length - 1, 0);
    expect(read).toBe(policies.length * (total - shared));
    const alone = await run({ tasks: all.map((each) => task('t', [each])) });
    expect(together.filter(({ text }) => text === 'alike 1')).toHaveLength(3 * policies.length);
    const sorted = (results: readonly PublicResult[]) =>
      timeless(results).sort((a, b) => (a.policy + a.id < b.policy + b.id ? -1 : 1));
    expect(sorted(together)).toEqual(sorted(alone));
    const kept = together.filter(({ policy }) => policy === 'sink-recent');
    for (const { tokens, keptShare, goneEverywhere, footprint } of kept) {
      expect(keptShare).toBeCloseTo(8 / (tokens - 1), 6);
      expect(goneEverywhere).toBeCloseTo(1 - 8 / (tokens - 1), 6);
      expect(footprint).toBeGreaterThan(keptShare);
    }
    expect(new Set(together.map(({ newTokens }) => newTokens))).toEqual(new Set([4]));
  });

  it('reads once what policies read alike, and skips what one cannot read again', async () => {
    let read = 0;
    const counting: RunBenchmarksOptions['model'] = {
      createCache: (options) => models.createCache(options),
      step(items, options) {
        read += 'ids' in items[0]!.input ? items[0]!.input.ids.length : 0;
        return models.step(items, options);
      },
    };
    const cut = (budget: string, keep: number): ComparedPolicy => ({
      ...{ name: 'again', budget, policy: full(), readsAgain: (tokens) => tokens + 10 },
      async afterReading(cache) {
        const slots = Uint32Array.from({ length: keep }, (_, slot) => slot);
        cache.keep(cache.shape.layers.map(() => [slots, slots]));
      },
    });
    const all = [alike[0]!, other];
    const own = [policies[0]!, cut('a', 6), cut('b', 12)];
    const store = await LineStore.open<PublicResult>(join(folder, `run-${runs++}.jsonl`));
    const common = { model: counting, chunkSize, tokenizer, answer, store, maxTokens: 200 };
    const made = await runBenchmarks({
      ...{ ...common, tasks: [task('t', all)], policies: own, positions: 120 },
    }).finally(() => store.close());
    expect(read).toBe(alike[0]!.prompt.length + other.prompt.length - 2);
    expect(made.results.map(({ policy, budget, id }) => [policy, budget, id])).toEqual([
      ...[['full', '100%', 'alike 1'] as const, ['full', '100%', 'other'] as const],
      ...[['again', 'a', 'other'] as const, ['again', 'b', 'other'] as const],
    ]);
    const skipped = { benchmark: 'Made up', task: 't', policy: 'again', prompts: 1 };
    expect(made.skipped).toEqual(['a', 'b'].map((budget) => ({ ...skipped, budget })));
    const [whole, small] = made.results.slice(1);
    expect([whole!.footprint, whole!.goneEverywhere]).toEqual([1, 0]);
    const [seen, row] = [other.prompt.length - 1, whole!.bytes / (other.prompt.length - 1)];
    expect(small!.goneEverywhere).toBeCloseTo(1 - 6 / seen, 12);
    expect(whole!.peakBytes).toBe((seen + 4) * row);
    expect(small!.peakBytes).toBe((2 * seen + 10) * row);
    const whole4 = ((seen + 4) * (seen + 5)) / 2;
    expect(small!.footprint).toBeCloseTo((whole4 - 4 * (seen - 6)) / whole4, 12);
    const rows = summariseRun(made.results, made.skipped);
    expect(rows.map(({ prompts, skipped: left }) => [prompts, left])).toEqual([
      ...[[2, 0] as const, [1, 1] as const, [1, 1] as const],
    ]);
    expect(rows[1]!.againstFull).not.toBeNull();
    expect(formatRun(rows)).toContain('1 (1 skipped)');
  });

  describe('where policies evict once', () => {
    const every: readonly ComparedPolicy[] = [
      policies[0]!,
      ...policyNames
        .filter((name) => name !== 'full')
        .flatMap((name) =>
          ['12', '50%'].map((budget) => {
            return { name, budget, policy: createPolicy(name, { budget, seed: 1 }) };
          }),
        ),
      // Chooses at intervals of its own, and so while it reads.
      {
        ...{ name: 'interval', budget: '8' },
        policy: scoredPolicy({ scorer: h2oScorer(), budget: 8, updateInterval: 8 }),
      },
    ];
    const asked = (i: number) => text(11 + 3 * i, 30 + i);
    const about = [1, 2, 3].map((i) =>
      item(`about ${i}`, document + asked(i), { text: 'one', question: asked(i) }),
    );
    const tasks = [task('t', [...about, other])];

    it.each(['after-context', 'after-prompt'] as const)(
      '%s: one reading serves all policies, with what each gets alone',
      async (evict) => {
        let read = 0;
        const counting: RunBenchmarksOptions['model'] = {
          createCache: (options) => models.createCache(options),
          step(items, options) {
            const isReading = items[0]!.cache.policy.name === 'onlookers';
            if (isReading && 'ids' in items[0]!.input) read += items[0]!.input.ids.length;
            return models.step(items, options);
          },
        };
        const together = await run({ tasks, policies: every, evict, model: counting });
        const before = evict === 'after-context' ? document.length : 64;
        const behind = about.map(({ prompt }) => prompt.length - 1 - before);
        const rest = evict === 'after-context' ? 0 : behind.reduce((sum, each) => sum + each, 0);
        expect(read).toBe(before + rest + other.prompt.length - 1);
        expect(together).toHaveLength(every.length * 4);
        for (const policy of every) {
          const alone = await run({ tasks, policies: [policy], evict });
          const own = (list: readonly PublicResult[]) =>
            timeless(list).filter(
              ({ policy: name, budget }) => name === policy.name && budget === policy.budget,
            );
          expect(own(together), `${policy.name} ${policy.budget}`).toEqual(own(alone));
        }
        const cut = together.filter(({ policy, id }) => policy === 'sink-recent' && id !== 'other');
        for (const { budget, tokens, keptShare, evict: time } of cut) {
          const seen = evict === 'after-context' ? document.length : tokens - 1;
          expect(keptShare).toBeCloseTo(
            budget === '12' ? 12 / seen : Math.floor(seen / 2) / seen,
            2,
          );
          expect(time).toBe(evict);
        }
        // Under the full cache, all that changes is when there is nothing to evict.
        const usual = await run({ tasks, policies: policies.slice(0, 1) });
        const predictions = (list: readonly PublicResult[]) =>
          list.flatMap(({ policy, prediction }) => (policy === 'full' ? [prediction] : []));
        expect(predictions(together)).toEqual(predictions(usual));
      },
      60_000,
    );

    it('finds the question in a chat template, behind a cut, and behind nothing', () => {
      const limits = { tokenizer, maxTokens: 60, maxNewTokens: 4, chat: 'auto' as const };
      const contextOf = (own: Partial<PublicTask>, each: PublicItem) =>
        preparePrompt({ ...task('t', [each]), ...own }, each, { ...limits, seeksQuestion: true });
      const question = 'hijk';
      const short = item('x', `bcdefg${question}`, { question, answerPrefix: 'vv' });
      expect(contextOf({}, short)).toMatchObject({ context: 6, cut: 0 });
      expect(contextOf({ usesChatTemplate: true }, short).context).toBe(8);
      const long = item('x', 'b'.repeat(100) + question, { question });
      const made = contextOf({}, long);
      expect(made.ids.length - made.context).toBe(4);
      expect(made.cut).toBeGreaterThan(40);
      expect(contextOf({}, item('x', 'bcdefg', { answerPrefix: 'vv' })).context).toBe(6);
      expect(preparePrompt(task('t', [short]), short, limits).context).toBe(12);
    });

    it('does not mix with runs that evict at other times', async () => {
      const out = join(folder, 'protocol');
      await (await openRunFolder(out, { evict: 'after-context' })).close();
      await expect(openRunFolder(out, { evict: 'while-reading' })).rejects.toThrow(
        /holds a run with evict "after-context", not "while-reading"/,
      );
      const old = join(folder, 'old-protocol');
      await (await openRunFolder(old, {})).close();
      await expect(openRunFolder(old, { evict: 'after-prompt' })).rejects.toThrow(/while-reading/);
      await (await openRunFolder(old, { evict: 'while-reading' })).close();
      const [before, after] = [results({ full: [1, 0] }), results({ full: [1, 0] })];
      const once = after.map((each) => ({ ...each, evict: 'after-context' as const }));
      expect(() => diffRuns(before, once)).toThrow(/while-reading and after-context/);
      expect(diffRuns(once, once)).toHaveLength(1);
    });
  });

  it('takes the texts of its tasks in turn, so that a run that is stopped has of each', async () => {
    const order: string[] = [];
    const noting: Answer = async function* (cache, ids, options) {
      order.push(String(cache.seen));
      yield* answer(cache, ids, options);
    };
    const long = (name: string, lengths: readonly number[]) =>
      task(
        name,
        lengths.map((length) => item(`${name} ${length}`, text(40, 3) + text(length, length))),
      );
    const tasks = [long('one', [20, 21, 22]), long('two', [30]), long('three', [10, 11])];
    await run({ tasks, policies: policies.slice(0, 1), answer: noting });
    expect(order).toEqual([59, 69, 49, 60, 50, 61].map(String));
  });

  it('leaves pieces to others, and together they are the run', async () => {
    const tasks = [task('one', alike), task('two', [other])];
    const whole = await run({ tasks });
    const path = join(folder, 'pieces.jsonl');
    const counts: number[] = [];
    for (const parity of [0, 1]) {
      let next = parity - 2;
      const nextPiece = () => {
        next += 2;
        return next;
      };
      counts.push((await run({ tasks, path, nextPiece })).length);
    }
    expect(counts.map((count) => count > 0)).toEqual([true, true]);
    expect(counts[0]! + counts[1]!).toBe(whole.length);
    const never: Answer = () => {
      throw new Error('asked again');
    };
    expect(timeless(await run({ tasks, path, answer: never }))).toEqual(timeless(whole));
  });

  it('goes on where it was stopped, and asks nothing twice', async () => {
    const tasks = [task('one', alike), task('two', [other])];
    const whole = await run({ tasks });
    const path = join(folder, 'stopped.jsonl');
    let asked = 0;
    for (const stop of [3, 9, Number.POSITIVE_INFINITY]) {
      let own = 0;
      const dying: Answer = async function* (...given) {
        if (own++ === stop) throw new Error('killed');
        asked++;
        yield* answer(...given);
      };
      const going = run({ tasks, path, answer: dying });
      if (stop < 100) await expect(going).rejects.toThrow('killed');
      else expect(timeless(await going)).toEqual(timeless(whole));
      await writeFile(path, `${await readFile(path, 'utf8')}{"key": "half a li`);
    }
    expect(asked).toBe(whole.length);
  });

  it('cuts the middle of prompts that are too long, and puts templates around them', () => {
    const prompt = 'bcdefghijk'.repeat(5);
    const limits = { tokenizer, maxTokens: 30, maxNewTokens: 4, chat: 'auto' as const };
    const prepared = (own: Partial<PublicTask>, more: Partial<PublicItem> = {}) => {
      const each = item('x', prompt, more);
      const { ids, cut } = preparePrompt({ ...task('t', [each]), ...own }, each, limits);
      return [tokenizer.decode(ids), cut];
    };
    expect(prepared({})).toEqual([prompt.slice(0, 13) + prompt.slice(-13), 24]);
    expect(prepared({ usesChatTemplate: true }, { answerPrefix: 'vv' })).toEqual([
      ...[`uu${prompt.slice(0, 10)}${prompt.slice(-10)}aavv`, 30],
    ]);
    expect(() =>
      preparePrompt(task('t', []), item('x', prompt), { ...limits, maxTokens: 5 }),
    ).toThrow(/leave no room/);
    const without = {
      ...limits,
      chat: 'always' as const,
      tokenizer: { ...tokenizer, chatTemplates: [] },
    };
    expect(() => preparePrompt(task('t', []), item('x', 'b'), without)).toThrow(/no chat template/);
  });

  it('ends with the first line where only that counts, and counts what ends a scorer', async () => {
    const lines: Answer = async function* (_, __, { onToken }) {
      for (const piece of ['\n', ' ', 'one', '\n', 'two']) {
        onToken();
        yield piece;
      }
    };
    const failing = item('x', 'bcd', {
      score: (_, quirks) => {
        if (quirks.size > 0) throw new OfficialScorerError('made up', 'on purpose');
        return 1;
      },
    });
    const fewShot = { ...task('t', [failing]), firstLineOnly: true };
    const results = await run({ tasks: [fewShot], policies: policies.slice(0, 1), answer: lines });
    expect(results).toMatchObject([{ prediction: '\n one\n', official: null, strict: 1 }]);
    const [row] = summariseRun(results);
    expect(row).toMatchObject({
      scorerErrors: 1,
      official: { estimate: 0 },
      strict: { estimate: 100 },
    });
  });

  it('refuses what leaves nothing to do', async () => {
    await expect(run({ tasks: [] })).rejects.toThrow(/tasks: are missing/);
    await expect(run({ tasks: [task('t', [other])], policies: [] })).rejects.toThrow(/policies/);
  });
});

/** Results as a run writes them: scores per policy and prompt. */
function results(
  scores: Readonly<Record<string, readonly number[]>>,
  name = 'task',
): PublicResult[] {
  return Object.entries(scores).flatMap(([policy, own]) =>
    own.map((official, i) => ({
      ...{
        benchmark: 'B',
        task: name,
        id: String(i),
        text: String(i),
        policy,
        budget: policy === 'full' ? '100%' : '25%',
      },
      ...{
        groups: { length: i < 2 ? 'short' : 'long' },
        prediction: '',
        official,
        strict: official,
      },
      ...{ tokens: 10, cut: 0, newTokens: 1, keptShare: 0.25, bytes: 100, footprint: 0.5 },
      ...{ goneEverywhere: 0.1, seconds: i, peakBytes: 150, residentBytes: 1000 },
    })),
  );
}

describe('summariseRun', () => {
  it('gives means, intervals and paired tests, tasks weighing alike', () => {
    const many = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 : 0.5));
    const worse = many.map((score) => score - 0.5);
    const rows = summariseRun([
      ...results({ full: many, h2o: worse, same: many }),
      ...results({ full: [1, 1, 1, 1], h2o: [0, 0, 1, 1], same: [1, 1, 1, 1] }, 'small'),
    ]);
    const row = (policy: string, name: string) =>
      rows.find((each) => each.policy === policy && each.task === name)!;
    expect(row('full', 'task')).toMatchObject({ prompts: 40, againstFull: null, p: null });
    expect(row('full', 'task').official.estimate).toBe(75);
    expect(row('h2o', 'task').official.estimate).toBe(25);
    expect(row('h2o', 'task').p).toBeLessThan(0.01);
    expect(row('same', 'task').p).toBe(1);
    expect(row('h2o', 'all').official.estimate).toBe((25 + 50) / 2);
    expect(row('h2o', 'all').againstFull!.estimate).toBeCloseTo(37.5 / 87.5, 12);
    expect(row('h2o', 'small').groups).toEqual({ 'length long': 100, 'length short': 0 });
    const { lower, upper } = row('full', 'task').official;
    expect(upper - lower).toBeGreaterThan(5);
    expect(upper - lower).toBeLessThan(25);
    expect(formatRun(rows)).toContain('37.5');
  });
});

it('draws questions about one text together, which widens intervals', async () => {
  const scores = Array.from({ length: 40 }, (_, i) => (i % 8 < 4 ? 1 : 0));
  const alone = results({ full: scores });
  const together = alone.map((each, i) => ({ ...each, text: String(Math.floor(i / 4)) }));
  const widthOf = (list: readonly PublicResult[]) => {
    const { lower, upper } = summariseRun(list)[0]!.official;
    return upper - lower;
  };
  expect(widthOf(together)).toBeGreaterThan(1.7 * widthOf(alone));
  const none = results({ full: scores.map(() => 0) });
  const spread = (before: readonly PublicResult[]) => {
    const { lower, upper } = diffRuns(before, none)[0]!.difference;
    return upper - lower;
  };
  expect(spread(together)).toBeGreaterThan(1.7 * spread(alone));
});

describe('heatMaps', () => {
  it('has a grid for each policy of a benchmark with lengths and depths', () => {
    const placed = results({ full: [1, 1, 0, 1, 0], h2o: [0, 1, 0, 0, 0] }).map((each, i) => {
      const [length, depth] = [
        [2048, 0],
        [2048, 0],
        [1024, 50],
        [1024, 0],
        [2048, 50],
      ][i % 5]!;
      return { ...each, groups: { length: String(length), depth: String(depth) } };
    });
    const [full, h2o, ...others] = heatMaps([...placed, ...results({ full: [1, 0] }, 'words')]);
    expect(others).toEqual([]);
    expect(full).toEqual({
      ...{ benchmark: 'B', policy: 'full', budget: '100%', lengths: [1024, 2048], depths: [0, 50] },
      scores: [
        [100, 100],
        [0, 0],
      ],
      prompts: [
        [1, 2],
        [1, 1],
      ],
    });
    expect(h2o!.scores[0]).toEqual([0, 50]);
    expect(heatMaps(placed.slice(1, 3))[0]!.scores).toEqual([
      [null, 100],
      [0, null],
    ]);
    expect(mapsToCsv([full!]).split('\n')).toEqual([
      'benchmark,policy,budget,length,depth,prompts,official',
      ...['B,full,100%,1024,0,1,100', 'B,full,100%,2048,0,2,100'],
      ...['B,full,100%,1024,50,1,0', 'B,full,100%,2048,50,1,0', ''],
    ]);
  });
});

describe('diffRuns', () => {
  it('pairs prompts, and corrects for many comparisons', () => {
    const zeros = Array.from({ length: 60 }, () => 0);
    const ones = zeros.map(() => 1);
    const mixed = zeros.map((_, i) => i % 2);
    const before = results({ full: ones, h2o: mixed });
    const after = results({ full: ones, h2o: zeros }).reverse();
    const rows = diffRuns(before, after);
    expect(rows.map(({ policy, isSignificant }) => [policy, isSignificant])).toEqual([
      ['full', false],
      ['h2o', true],
    ]);
    expect(rows[1]!.difference.estimate).toBe(-50);
    expect(rows[1]!.difference.upper).toBeLessThan(-30);
    expect(formatDifferences(rows)).toContain('significant');
    expect(() => diffRuns(before, [])).toThrow(/no prompt in common/);
  });

  it('finds nothing significant in a few prompts, or many questions about a few texts', () => {
    const [before, after] = [0, 1].map((score) => results({ h2o: Array(6).fill(score) }));
    const about = (list: readonly PublicResult[], texts: number) =>
      list.map((each, i) => ({ ...each, text: String(i % texts) }));
    const row = (texts: number) => diffRuns(about(before!, texts), about(after!, texts))[0]!;
    expect([1, 2, 3, 6].map((texts) => row(texts).p)).toEqual([1, 0.5, 0.25, 2 / 64]);
    expect([1, 2, 3, 6].map((texts) => row(texts).isSignificant)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(row(3).difference.estimate).toBe(100);
    const whole = results({ full: [1, 1, 1], h2o: [0, 0, 0] });
    expect(summariseRun(whole).map(({ p }) => p)).toEqual([null, 0.25]);
  });
});

describe('a folder of a run', () => {
  it('is refused to other settings, and holds summary, table and page', async () => {
    const out = join(folder, 'out');
    const settings = { model: 'm', seed: 1, maxNewTokens: undefined };
    const store = await openRunFolder(out, settings);
    for (const [i, each] of results({ full: [1, 0], h2o: [0, 0] }).entries()) {
      await store.get(String(i), async () => each);
    }
    await store.close();
    await (await openRunFolder(out, settings)).close();
    await expect(openRunFolder(out, { ...settings, seed: 2 })).rejects.toThrow(
      /holds a run with seed 1, not 2/,
    );
    await expect(openRunFolder(out, { ...settings, chat: 'never' })).rejects.toThrow(
      /chat left out, not "never"/,
    );
    await (await openRunFolder(out, { ...settings, policies: ['h2o'], budgets: ['25%'] })).close();
    const of = (name: string, samples: number) => ({
      ...settings,
      benchmarks: [
        { name, samples },
        { name: 'longbench', limit: samples },
      ],
    });
    const counted = join(folder, 'counted');
    await (await openRunFolder(counted, of('ruler', 5))).close();
    await (await openRunFolder(counted, of('ruler', 3))).close(); // fewer prompts of the same tasks
    await expect(openRunFolder(counted, of('needle', 3))).rejects.toThrow(/benchmarks/);
    const found = await readRunResults(out);
    expect(found).toHaveLength(4);
    const bad = { file: 'f.jsonl', row: 3, field: 'input', problem: 'is missing' };
    const made = { ...task('task', []), problems: [bad] };
    const summary = await writeRun(
      ...([out, settings, [made], { results: found, skipped: [] }, true] as const),
    );
    expect(summary.problems).toEqual(['f.jsonl, row 3, input: is missing']);
    expect(summary.tasks[0]!.maxNewTokens).toBe(4);
    const short = await writeRun(
      ...([
        out,
        { ...settings, maxNewTokens: 2 },
        [made],
        { results: found, skipped: [] },
      ] as const),
      true,
    );
    expect(short.tasks[0]!.maxNewTokens).toBe(2); // what was done, not what is prescribed
    expect(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')).rows).toHaveLength(2);
    expect((await readFile(join(out, 'summary.csv'), 'utf8')).split('\n')).toHaveLength(4);
    expect(await readFile(join(out, 'page.html'), 'utf8')).toContain('f.jsonl, row 3, input');
    await expect(readRunResults(folder)).rejects.toThrow(/not a folder of a run/);
    await writeFile(join(out, 'results.jsonl'), '{"key": "x", "value": {}}\n');
    await expect(readRunResults(out)).rejects.toThrow(/line 1/);
  });
});

describe('runPlan', () => {
  it('takes a file, flags, or both, and checks every name', async () => {
    const file = join(folder, 'plan.yaml');
    await writeFile(
      file,
      'model: m\nout: o\nbudgets: [50%, 64]\nbenchmarks:\n  - { name: ruler, lengths: [1024] }\n',
    );
    expect(await runPlan(file, { seed: 7, out: undefined })).toMatchObject({
      ...{ model: 'm', out: 'o', seed: 7, budgets: ['50%', '64'], chat: 'auto' },
      benchmarks: [{ name: 'ruler', lengths: [1024] }],
    });
    const flags = { model: 'm', out: 'o', benchmark: 'longbench', data: 'd', limit: 3 };
    expect((await runPlan(null, flags)).benchmarks).toEqual([
      { name: 'longbench', data: 'd', limit: 3 },
    ]);
    await expect(runPlan(null, { ...flags, chat: 'sometimes' })).rejects.toThrow(/--chat: /);
    await expect(runPlan(null, { ...flags, benchmark: 'squad' })).rejects.toThrow(
      /--benchmark: 'squad' is none of/,
    );
    await expect(runPlan(null, { model: 'm', out: 'o' })).rejects.toThrow(/--benchmark: is needed/);
    await expect(runPlan(file, { limit: 3 })).rejects.toThrow(/--limit: belongs to a --benchmark/);
    await writeFile(file, 'model: m\nbenchmark: x\n');
    await expect(runPlan(file, {})).rejects.toThrow(/benchmark/);
    await writeFile(file, 'model: [\n');
    await expect(runPlan(file, {})).rejects.toThrow(/cannot be read/);
    await writeFile(file, '- 1\n');
    await expect(runPlan(file, {})).rejects.toThrow(/not a list of names/);
  });
});
