import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ControlTable, type ControlTableOptions } from '../src/control-table.js';
import { createContender } from '../src/create-contender.js';
import { type EvaluationPlan, planEvaluation } from '../src/evaluation-plan.js';
import { EvaluationStore } from '../src/evaluation-store.js';
import { summariseTable } from '../src/summarise-table.js';
import { tablesOfTasks } from '../src/tables-of-tasks.js';

let folder: string;
let options: Omit<ControlTableOptions, 'folder'>;

const contendersOf = (names: readonly string[]) =>
  Promise.all(names.map((name) => createContender(name, { budget: 6 })));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-table-'));
  const agent = join(folder, 'agent');
  const sizes = { stateSize: 4, actionSize: 4, hiddenSize: 16, layers: 1, heads: 1, timesteps: 20 };
  await randomDecisionTransformer(agent, { seed: 3, ...sizes });
  const states = { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1], timesteps: 'absolute' };
  const rest = { actions: 'discrete', returnScale: 1, targetReturn: 1, context: 9 };
  const environment = { name: 't-maze', length: 8 };
  await writeFile(join(agent, 'agent.json'), JSON.stringify({ environment, ...rest, ...states }));
  options = {
    tasks: [
      { name: 'maze', agent },
      { name: 'short', agent, environment: { name: 't-maze', length: 4 } },
    ],
    contenders: () => contendersOf(['full', 'window:1', 'h2o']),
    episodes: 3,
  };
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes episodes as if they had been played: returns by contender. */
async function pretend(place: string, plan: EvaluationPlan, returns: Record<string, number[]>) {
  const store = await EvaluationStore.open(place, plan);
  for (const contender of plan.contenders) {
    for (const [i, value] of (returns[contender.name] ?? []).entries()) {
      const rows = contender.name === 'full' ? 12 : 3;
      await store.add({
        ...{ contender: contender.name, settings: contender.settings, seed: plan.seeds[i]! },
        ...{ return: value, steps: 9, end: 'terminated', failure: null },
        ...{ rowsPerHead: { mean: rows, peak: rows }, peakBytes: 9, seconds: 1 },
      });
    }
  }
  await store.close();
}

const linesIn = async (...path: string[]) =>
  (await readFile(join(folder, ...path, 'episodes.jsonl'), 'utf8'))
    .replaceAll(/"seconds":[\d.e-]+|"checksum":"\w+"/g, '')
    .split('\n')
    .sort();

it('plays all rows of all tasks, and goes on exactly after it was stopped', async () => {
  const wanted = { ...options, windows: [2, 1], validationEpisodes: 2 };
  const whole = new ControlTable({ ...wanted, folder: join(folder, 'whole') });
  await whole.run();
  const summary = await summariseTable(whole);
  for (const { rows, bestWindow } of summary.tasks) {
    expect([1, 2]).toContain(bestWindow);
    const played = rows.filter(({ name }) => name !== 'best-window');
    const names = ['full', 'window:1', 'h2o', ...(bestWindow === 2 ? ['window:2'] : [])];
    expect(played.map(({ name, episodes }) => [name, episodes])).toEqual(
      names.map((name) => [name, 3]),
    );
  }
  const stopped = new ControlTable({ ...wanted, folder: join(folder, 'stopped') });
  for (let turns = 3; ; turns += 7) {
    const controller = new AbortController();
    let told = 0;
    const onProgress = () => {
      if (++told > turns) controller.abort(new Error('enough'));
    };
    try {
      await stopped.run({ signal: controller.signal, onProgress });
      break;
    } catch (error) {
      expect((error as Error).message).toBe('enough');
    }
  }
  for (const path of [['maze'], ['maze', 'validation'], ['short'], ['short', 'validation']]) {
    expect(await linesIn('stopped', ...path)).toEqual(await linesIn('whole', ...path));
  }
  expect((await summariseTable(stopped)).averages).toEqual(summary.averages);
});

it('averages ratios over the tasks that are finished', async () => {
  const table = new ControlTable({ ...options, folder: join(folder, 'averages') });
  const [maze, short] = options.tasks;
  const place = (name: string) => join(folder, 'averages', name);
  await pretend(place('maze'), (await table.plan(maze!)).plan, {
    ...{ full: [1, 0, 1], h2o: [1, 1, 1], 'window:1': [0, 0, 1] },
  });
  await pretend(place('short'), (await table.plan(short!)).plan, {
    ...{ full: [1, 1, 1], h2o: [0, 1, 1], 'window:1': [1] },
  });
  const summary = await summariseTable(table);
  const { rows } = summary.averages.find(({ kind }) => kind === 'memory')!;
  const of = (name: string) => rows.find((row) => row.name === name)!;
  expect(of('full').ratio).toEqual({ estimate: 1, lower: 1, upper: 1 });
  expect(of('h2o').tasks).toEqual(['maze', 'short']);
  expect(of('h2o').ratio!.estimate).toBeCloseTo((3 / 2 + 2 / 3) / 2, 12);
  expect(of('h2o').ratio!.lower).toBeLessThan(1);
  expect(of('h2o').rowShare).toBe(0.25);
  expect(of('window:1')).toMatchObject({ tasks: ['maze'], ratio: { estimate: 0.5 } });
  expect(summary.tasks[0]!.rows.find(({ name }) => name === 'h2o')!.ratio!.estimate).toBe(1.5);
  const [returns, , ...averages] = tablesOfTasks(summary);
  expect(averages.map(({ title }) => title)).toEqual([
    'Mean over the memory tasks that are finished',
  ]);
  expect(returns!.headings).toEqual(['policy', 'maze', 'short']);
  expect(returns!.rows[1]![2]).toBe('1.00 (1.00 … 1.00), n = 1');
});

it('takes the best window of other episodes, the shortest of equals', async () => {
  const [task] = options.tasks;
  for (const [name, returns, best] of [
    ['longest', [0, 1, 0], 5],
    ['equal', [1, 1, 1], 2],
    ['unfinished', [1, 1], null],
  ] as const) {
    const table = new ControlTable({
      ...{ ...options, tasks: [task!], folder: join(folder, name) },
      ...{ windows: [5, 2], validationEpisodes: 3 },
    });
    const plan = await planEvaluation({
      ...{ agent: task!.agent, episodes: 3, seed: 1e9 },
      contenders: await contendersOf(['window:5', 'window:2']),
    });
    const windows = {
      'window:5': [...returns],
      'window:2': name === 'longest' ? [0, 0, 0] : [1, 1, 1],
    };
    await pretend(join(folder, name, 'maze', 'validation'), plan, windows);
    const planned = await table.plan(task!);
    expect(planned.bestWindow).toBe(best);
    const names = planned.plan.contenders.map((contender) => contender.name);
    expect(names.includes(`window:${best}`)).toBe(best !== null);
  }
});

it('refuses what cannot be played', () => {
  const [task] = options.tasks;
  const cases: [Partial<ControlTableOptions>, RegExp][] = [
    [{ tasks: [] }, /tasks.*there are none/],
    [{ tasks: [task!, task!] }, /'maze' appears twice/],
    [{ tasks: [{ ...task!, name: '../maze' }] }, /'\.\.\/maze' is not a name for a folder/],
    [{ tasks: [{ ...task!, name: '..' }] }, /is not a name for a folder/],
    [{ episodes: 0 }, /episodes.*0 is not an integer/],
    [{ seed: 1e9 }, /seed.*is not below/],
    [{ windows: [0] }, /windows.*0 is not an integer/],
    [{ budget: 5 } as object, /budget.*is not an option/],
  ];
  for (const [more, message] of cases) {
    expect(() => new ControlTable({ ...options, folder, ...more }), message.source).toThrow(
      message,
    );
  }
});
