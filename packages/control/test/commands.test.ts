import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { InvalidArgumentError } from '@namm/core';
import { nammCheckpoints } from '@namm/models';
import { readCheckpoint, withRandomParameters, writeCheckpoint } from '@namm/namm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bundledTasks,
  createContender,
  EvaluationStore,
  evaluationNotes,
  parseNamedNamm,
  planEvaluation,
  summariseEvaluation,
  tableContenders,
  tableText,
  writeEpisodePage,
} from '../src/index.js';

let folder: string;
let agent: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-control-commands-'));
  agent = join(folder, 'agent');
  const sizes = { stateSize: 4, actionSize: 4, hiddenSize: 16, layers: 1, heads: 1, timesteps: 20 };
  await randomDecisionTransformer(agent, { seed: 3, ...sizes });
  const states = { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1], timesteps: 'absolute' };
  const rest = { actions: 'discrete', returnScale: 1, targetReturn: 1, context: 9 };
  const environment = { name: 't-maze', length: 8 };
  await writeFile(join(agent, 'agent.json'), JSON.stringify({ environment, ...rest, ...states }));
});
afterAll(() => rm(folder, { recursive: true }));

describe('tableContenders', () => {
  const rows = { policies: ['full', 'h2o', 'namm-frozen', 'namm-random'], budget: '50%' };

  it('makes the rows of a task: policies, the NAMM of a language, and NAMMs of its own', async () => {
    const task = { name: 'maze', agent };
    const evolved = await readCheckpoint(nammCheckpoints('nano-llama')[0]!);
    const other = withRandomParameters(evolved, 5);
    await writeCheckpoint(join(agent, 'namm-maze.safetensors'), other);
    const namms = [parseNamedNamm('own={agent}/namm-{task}.safetensors')];
    const contenders = await tableContenders(task, { ...rows, namms, updateInterval: 32 });
    expect(contenders.map(({ name }) => name)).toEqual([...rows.policies, 'namm-own']);
    const [, , frozen, drawn, own] = contenders.map(({ settings }) => settings);
    expect(frozen).toMatchObject({ updateInterval: 32 });
    expect(drawn).not.toEqual(frozen); // another network
    expect(own).not.toEqual(frozen);
  });

  it('has the calibrated NAMM of a task where one is bundled', async () => {
    const limits = { policies: ['full', 'namm-calibrated'], budget: '50%', updateInterval: 48 };
    const namesOf = async (name: string) =>
      (await tableContenders({ name, agent }, limits)).map((contender) => contender.name);
    expect(await namesOf('hopper')).toEqual(['full']);
    expect(await namesOf('key-to-door')).toEqual(limits.policies);
    const named = await createContender('namm:calibrated-key-to-door', { budget: '50%' });
    const other = await createContender('namm:calibrated-t-maze', { budget: '50%' });
    const [, row] = await tableContenders({ name: 'key-to-door', agent }, limits);
    expect(named.settings).toEqual(row!.settings);
    expect(other.settings).not.toEqual(row!.settings);
  });

  it('refuses what is none', async () => {
    for (const text of ['own', 'own=', '=file', 'my own=file']) {
      expect(() => parseNamedNamm(text), text).toThrow(InvalidArgumentError);
    }
    const none = tableContenders(bundledTasks[0]!, {
      ...{ policies: ['magic'], budget: 5, updateInterval: 16 },
    });
    await expect(none).rejects.toThrow(InvalidArgumentError);
  });
});

it('knows tasks with agents of ours, each by a name of its own', async () => {
  const names = bundledTasks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['t-maze', 'noisy-t-maze', 'hopper']));
  for (const task of bundledTasks) await readFile(join(task.agent, 'agent.json'));
});

it('says what the columns of an evaluation mean, those alone that it has', async () => {
  const contenders = [await createContender('full')];
  const plan = await planEvaluation({ agent, contenders, episodes: 1, seed: 0 });
  const store = await EvaluationStore.open(null, plan);
  const summaries = summariseEvaluation(plan, store);
  expect(evaluationNotes(plan, summaries)).toHaveLength(1);
  const [summary] = summaries;
  const interval = { estimate: 1, lower: 1, upper: 1 };
  expect(evaluationNotes(plan, [{ ...summary!, success: interval }])).toHaveLength(2);
  const settings = { ...plan.settings, environment: { name: 'hopper' } as const };
  const [, score] = evaluationNotes({ settings }, [{ ...summary!, normalised: 50 }]);
  expect(score).toContain('3234.3 (D4RL');
});

it('writes tables of a summary as Markdown, or cut to a terminal', () => {
  const tasks = [{ ...{ name: 'maze', kind: 'memory' as const, bestWindow: null, rows: [] } }];
  const summary = { episodes: 1, seed: 0, tasks, averages: [] } as never;
  expect(tableText(summary)).toMatch(/^\*\*Memory tasks: return\*\*\n\n\| policy +\| maze/);
  expect(tableText(summary).split('**')).toHaveLength(5); // two titles
});

describe('writeEpisodePage', () => {
  it('plays an episode in the environment of the agent, and shows it', async () => {
    const contender = await createContender('h2o', { budget: 9 });
    const path = join(folder, 'episode.html');
    await writeEpisodePage(path, { agent, contender, seed: 4 });
    const page = await readFile(path, 'utf8');
    expect(page).toContain('An episode under h2o');
    expect(page).toContain('t-maze, length 8');
  });

  it('refuses an episode that no page can show', async () => {
    const contender = await createContender('full');
    const environment = { name: 't-maze', length: 20_000 } as const;
    const page = writeEpisodePage(join(folder, 'long.html'), {
      agent,
      environment,
      contender,
      seed: 4,
    });
    await expect(page).rejects.toThrow(/10000 at most|timesteps|positions/);
  });
});
