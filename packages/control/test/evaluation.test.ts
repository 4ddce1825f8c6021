import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { randomNamm, writeCheckpoint } from '@namm/namm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentPlayer } from '../src/agent-player.js';
import { createContender } from '../src/create-contender.js';
import type { EpisodeRecord } from '../src/episode-record.js';
import { type EvaluationOptions, planEvaluation } from '../src/evaluation-plan.js';
import { EvaluationStore } from '../src/evaluation-store.js';
import { evaluationTable } from '../src/evaluation-table.js';
import { filmEpisode } from '../src/film-episode.js';
import { runEvaluation } from '../src/run-evaluation.js';
import { summariseEvaluation } from '../src/summarise-evaluation.js';

let folder: string;
let agent: string;
let options: EvaluationOptions;

const contendersOf = (names: readonly string[], budget: string | number = 9) =>
  Promise.all(names.map((name) => createContender(name, { budget })));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-control-'));
  agent = join(folder, 'agent');
  const sizes = { stateSize: 4, actionSize: 4, hiddenSize: 16, layers: 2, heads: 2, timesteps: 40 };
  await randomDecisionTransformer(agent, { seed: 3, ...sizes });
  const environment = { name: 't-maze', length: 12 };
  const rest = { actions: 'discrete', returnScale: 1, targetReturn: 1, context: 13 };
  const states = { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1], timesteps: 'absolute' };
  await writeFile(join(agent, 'agent.json'), JSON.stringify({ environment, ...rest, ...states }));
  options = {
    agent,
    contenders: await contendersOf(['full', 'window:3', 'newest-steps:3', 'h2o', 'random']),
    episodes: 3,
    seed: 5,
  };
});
afterAll(() => rm(folder, { recursive: true }));

async function recordsIn(run: string): Promise<Omit<EpisodeRecord, 'seconds'>[]> {
  const [, ...lines] = (await readFile(join(run, 'episodes.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const { seconds, checksum, ...rest } = JSON.parse(line) as EpisodeRecord & { checksum: string };
    expect(checksum).toMatch(/^[0-9a-f]{8}$/);
    expect(seconds).toBeGreaterThan(0);
    return rest;
  });
}

/** Plays a plan into a folder, stopping before the given number of turns. */
async function play(run: string, more: Partial<EvaluationOptions> = {}, turns = Infinity) {
  const plan = await planEvaluation({ ...options, ...more });
  const store = await EvaluationStore.open(run, plan);
  const controller = new AbortController();
  let told = 0;
  const onProgress = () => {
    if (told++ === turns) controller.abort(new Error('enough'));
  };
  try {
    await runEvaluation(plan, store, { signal: controller.signal, onProgress });
    return summariseEvaluation(plan, store);
  } finally {
    await store.close();
  }
}

const sorted = (records: readonly object[]) => records.map((each) => JSON.stringify(each)).sort();

describe('an evaluation', () => {
  it('plays every episode under every contender, on the same seeds', async () => {
    const run = join(folder, 'whole');
    const summaries = await play(run);
    const records = await recordsIn(run);
    expect(records.map(({ contender, seed }) => `${contender} ${seed}`)).toEqual(
      [5, 6, 7].flatMap((seed) => options.contenders.map(({ name }) => `${name} ${seed}`)),
    );
    const of = (name: string) => records.filter(({ contender }) => contender === name);
    for (const { steps, rowsPerHead } of of('full')) expect(rowsPerHead.peak).toBe(3 * steps - 1);
    for (const { rowsPerHead } of of('h2o')) expect(rowsPerHead.peak).toBe(9);
    for (const { rowsPerHead, peakBytes } of of('window:3')) {
      expect([rowsPerHead.peak, peakBytes]).toEqual([0, 3 * (4 * 9 + 8)]); // steps as they came
    }
    expect(summaries.map(({ name, episodes, failed }) => [name, episodes, failed])).toEqual(
      options.contenders.map(({ name }) => [name, 3, 0]),
    );
    const full = summaries[0]!;
    expect(full.difference).toBeNull();
    const differences = of('h2o').map((record, i) => record.return - of('full')[i]!.return);
    const mean = differences.reduce((sum, value) => sum + value, 0) / 3;
    expect(summaries[3]!.difference!.estimate).toBeCloseTo(mean, 12);
    const wins = of('full').filter((record) => record.return === 1).length;
    expect(full.success!.estimate).toBeCloseTo(wins / 3, 12);
  });

  it('gives the same episodes in any order and company', async () => {
    const [whole, reversed, alone] = ['whole', 'reversed', 'alone'].map((name) =>
      join(folder, name),
    );
    await play(whole!);
    await play(reversed!, { contenders: [...options.contenders].reverse() });
    for (const seed of [7, 5, 6]) {
      for (const contender of options.contenders) {
        await play(alone!, { contenders: [contender], seed, episodes: 1 });
      }
    }
    const expected = sorted(await recordsIn(whole!));
    expect(sorted(await recordsIn(reversed!))).toEqual(expected);
    expect(sorted(await recordsIn(alone!))).toEqual(expected);
  });

  it('goes on exactly after it was stopped, or killed in the middle of a line', async () => {
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    await play(whole);
    await expect(play(stopped, {}, 4)).rejects.toThrow('enough');
    const file = join(stopped, 'episodes.jsonl');
    expect(await recordsIn(stopped)).toHaveLength(4);
    await play(stopped);
    const expected = await recordsIn(whole);
    expect(await recordsIn(stopped)).toEqual(expected);
    const text = await readFile(file, 'utf8');
    for (const length of [0, 1, 40, text.indexOf('\n') + 1, text.length - 200, text.length - 1]) {
      await writeFile(file, text.slice(0, length));
      await play(stopped);
      expect(await recordsIn(stopped)).toEqual(expected);
    }
    await play(stopped, { episodes: 4 });
    expect((await recordsIn(stopped)).slice(0, expected.length)).toEqual(expected);
    expect(await recordsIn(stopped)).toHaveLength(20);
  });

  it('keeps episodes under another budget apart', async () => {
    const run = join(folder, 'budgets');
    for (const budget of [9, 6]) {
      const [summary] = await play(run, { contenders: await contendersOf(['h2o'], budget) });
      expect(summary!.rowsPerHead).toBeLessThanOrEqual(budget);
    }
    expect((await recordsIn(run)).map(({ rowsPerHead }) => rowsPerHead.peak)).toEqual([
      ...[9, 9, 9, 6, 6, 6],
    ]);
  });

  it('plays under a NAMM', async () => {
    const checkpoint = join(folder, 'namm.safetensors');
    const [mean, variance] = [new Float32Array(17), new Float32Array(17).fill(1)];
    const normaliser = { shape: [17], mean, variance, count: Float64Array.of(1) };
    await writeCheckpoint(checkpoint, randomNamm({ seed: 1, updateInterval: 16, normaliser }));
    const contender = await createContender('namm', { checkpoint, budget: 12 });
    const [summary] = await play(join(folder, 'namm'), { contenders: [contender] });
    expect(summary).toMatchObject({ name: 'namm', episodes: 3, failed: 0 });
  });

  it('counts episodes that broke down, and leaves them out of every number', async () => {
    const contenders = await contendersOf(['full', 'h2o']);
    const plan = await planEvaluation({ ...options, contenders });
    const store = await EvaluationStore.open(null, plan);
    for (const [i, value] of [1, 0, 1].entries()) {
      for (const { name: contender, settings } of contenders) {
        const failed = contender === 'h2o' && i === 0;
        await store.add({
          ...{ contender, settings, seed: 5 + i, return: failed ? 1e9 : value, steps: 10 },
          ...{ end: failed ? 'failed' : 'terminated', failure: failed ? 'NaN' : null },
          ...{ rowsPerHead: { mean: 4, peak: 5 }, peakBytes: 100, seconds: 2 },
        });
      }
    }
    const [full, h2o] = summariseEvaluation(plan, store);
    expect(full).toMatchObject({ episodes: 3, failed: 0, stepsPerSecond: 5, peakBytes: 100 });
    expect(h2o).toMatchObject({ episodes: 3, failed: 1, return: { estimate: 0.5 } });
    expect(h2o!.difference).toEqual({ estimate: 0, lower: 0, upper: 0 });
    const { headings, rows } = evaluationTable([full!, h2o!]);
    expect(headings).toContain('broke down');
    expect(headings).not.toContain('D4RL score');
    expect(rows[1]!.at(-1)).toBe('1');
  });
});

describe('bad input of an evaluation', () => {
  it('is refused before anything is played', async () => {
    const other = join(folder, 'other');
    await randomDecisionTransformer(other, { seed: 1, stateSize: 3, actionSize: 4 });
    const cases: [Partial<EvaluationOptions>, RegExp][] = [
      [{ episodes: 0 }, /episodes.*0 is not an integer/],
      [{ contenders: [] }, /contenders.*there are none/],
      [{ contenders: [...options.contenders, options.contenders[0]!] }, /'full' appears twice/],
      [{ agent: join(folder, 'none') }, /none.*is not a folder/],
      [{ agent: other }, /environment.*is missing, and there is no .*agent\.json/],
      [
        { agent: other, environment: { name: 't-maze', length: 5 } },
        /4 numbers, the model states of 3/,
      ],
      [{ environment: { name: 't-maze', length: 100 } }, /steps, and the model knows 40 timesteps/],
      [
        { environment: { name: 't-maze', size: 5 } as never },
        /size is not an option|size.*is not an option/,
      ],
      [{ budget: 5 } as object, /budget.*is not an option of planEvaluation/],
    ];
    for (const [i, [more, message]] of cases.entries()) {
      const run = join(folder, `bad-${i}`);
      await expect(play(run, more), message.source).rejects.toThrow(message);
      const lines = await readFile(join(run, 'episodes.jsonl'), 'utf8').catch(() => '');
      expect(lines.split('\n').length, message.source).toBeLessThanOrEqual(2); // settings at most
    }
  });

  it('includes folders that hold something else', async () => {
    const run = join(folder, 'whole');
    await play(run);
    const before = await readFile(join(run, 'episodes.jsonl'), 'utf8');
    await expect(play(run, { environment: { name: 't-maze', length: 11 } })).rejects.toThrow(
      /another environment: .*12.*not .*11/,
    );
    await expect(play(run, { episode: { targetReturn: 0 } })).rejects.toThrow(/another episode/);
    await writeFile(join(run, 'episodes.jsonl'), `${before}{"a":1}\n`);
    await expect(play(run)).rejects.toThrow(/line 17 is not of an evaluation/);
    expect(await readFile(join(run, 'episodes.jsonl'), 'utf8')).toBe(`${before}{"a":1}\n`);
    await writeFile(join(run, 'episodes.jsonl'), before);
  });

  it('includes contenders that are none', async () => {
    const cases: [string, object, RegExp][] = [
      ['h2p', { budget: 5 }, /did you mean 'h2o'/],
      ['window', {}, /'window' needs a whole number of steps/],
      ['window:0', {}, /'window:0' needs a whole number/],
      ['window:', {}, /needs a whole number/],
      ['h2o:5', { budget: 5 }, /only window, newest-steps take steps/],
      ['h2o', {}, /budget.*needs one/],
      ['random-newest-step', {}, /budget.*needs one/],
      ['namm', {}, /checkpoint.*needs the file/],
      ['namm', { checkpoint: join(folder, 'none') }, /none/],
      ['h2o', { budgets: 5 }, /budgets.*is not an option/],
    ];
    for (const [name, more, message] of cases) {
      await expect(createContender(name, more), name).rejects.toThrow(message);
    }
  });
});

describe('filmEpisode', () => {
  it('films each step, and what each head holds of it', async () => {
    for (const contender of await contendersOf(['full', 'window:3', 'newest-steps:3', 'h2o'])) {
      const environment = { name: 't-maze', length: 12 } as const;
      const player = await AgentPlayer.open({ agent, environment, probe: contender.probe });
      const film = await filmEpisode(player, contender, 5);
      const { frames, seen, evictedAt, headsPerLayer, played } = film;
      const rows: number[] = [];
      const heads = headsPerLayer.flat().reduce((sum, count) => sum + count, 0);
      const tokens = seen.at(-1)!;
      expect([frames.length, tokens, heads]).toEqual([played.steps, 3 * played.steps - 1, 4]);
      for (const step of frames.keys()) {
        const isHeld = (at: number, i: number) => i % tokens < seen[step]! && at > step;
        rows.push(evictedAt.filter(isHeld).length / heads);
      }
      const mean = rows.reduce((sum, count) => sum + count, 0) / rows.length;
      if (contender.window === null) {
        expect(mean).toBeCloseTo(played.rowsPerHead.mean, 9);
        expect(Math.max(...rows)).toBe(played.rowsPerHead.peak);
      } else expect(Math.max(...rows)).toBe(3 * 3 - 1);
      expect(frames.at(-1)!.total).toBe(played.return);
      expect(frames[0]!.returnToGo).toBe(1);
      expect(frames.every(({ scene }) => scene.kind === 'grid')).toBe(true);
      await player.release();
    }
  });
});
