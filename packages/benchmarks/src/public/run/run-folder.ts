import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileFormatError,
  InvalidArgumentError,
  JsonLines,
  parseSealedJson,
  sealedJson,
  writeFileAtomic,
} from '@namm/core';
import { LineStore } from '../../compare/line-store.js';
import type { PublicTask } from '../data/public-task.js';
import { describeRowProblem } from '../data/row-problem.js';
import { drawRunPage } from './draw-run-page.js';
import { mapsToCsv, runToCsv } from './format-run.js';
import { heatMaps } from './heat-maps.js';
import type { PublicResult } from './public-result.js';
import type { PublicRun } from './run-benchmarks.js';
import type { RunSettings, RunSummary } from './run-summary.js';
import { summariseRun } from './summarise-run.js';

/** Each policy's results are its own, so that some may be added, or left out, later. */
const free = new Set(['policies', 'budgets', 'namm', 'taught']);

/** So are those of each prompt: of a task, more or fewer may be asked later. */
const freeOfBenchmark = new Set(['samples', 'limit']);

/** A setting as text, without what may differ. */
function lasting(name: string, value: unknown): string | undefined {
  if (name !== 'benchmarks' || !Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(value, (key, own) => (freeOfBenchmark.has(key) ? undefined : own));
}

/**
 * Opens the folder of a run, or creates it. It resumes an earlier run with the same settings; policies, budgets and the
 * number of prompts per task may differ.
 *
 * @throws {InvalidArgumentError} when it holds a run with other settings, naming the first that differs
 */
export async function openRunFolder(
  folder: string,
  settings: RunSettings,
): Promise<LineStore<PublicResult>> {
  const file = join(folder, 'run.json');
  const own = JSON.parse(JSON.stringify(settings)) as RunSettings;
  if (existsSync(file)) {
    // Runs of before there was a choice evict while they read.
    const found = { evict: own.evict && 'while-reading', ...(await readJson<RunSettings>(file)) };
    for (const name of new Set([...Object.keys(own), ...Object.keys(found)])) {
      const [now, before] = [own[name], (found as RunSettings)[name]].map((value) =>
        lasting(name, value),
      );
      if (now === before || free.has(name)) continue;
      const problem = `${folder} holds a run with ${name} ${before ?? 'left out'}, not ${now ?? 'left out'}; name another folder`;
      throw new InvalidArgumentError('out', problem);
    }
  }
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(file, sealedJson(own, 2));
  return await LineStore.open(join(folder, 'results.jsonl'));
}

/**
 * Writes the results of a run: `summary.json`, `summary.csv` and `page.html`; `heat-maps.csv` if there are any.
 *
 * @param hasTemplate whether prompts used a chat template, if their benchmark does
 */
export async function writeRun(
  folder: string,
  settings: RunSettings,
  tasks: readonly PublicTask[],
  { results, skipped }: PublicRun,
  hasTemplate: boolean,
): Promise<RunSummary> {
  const { maxNewTokens } = settings;
  const most = typeof maxNewTokens === 'number' ? maxNewTokens : Infinity;
  const summary: RunSummary = {
    settings,
    tasks: tasks.map((task) => ({
      ...{ benchmark: task.benchmark, name: task.name },
      maxNewTokens: Math.min(task.maxNewTokens, most),
      ...{ chatTemplate: hasTemplate && task.usesChatTemplate, firstLineOnly: task.firstLineOnly },
      ...{ prompts: task.items.length, badRows: task.problems.length },
    })),
    problems: tasks.flatMap(({ problems }) => problems.map(describeRowProblem)),
    skipped,
    maps: heatMaps(results),
    rows: summariseRun(results, skipped),
  };
  await writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writeFileAtomic(join(folder, 'summary.csv'), runToCsv(summary.rows));
  if (summary.maps.length > 0) {
    await writeFileAtomic(join(folder, 'heat-maps.csv'), mapsToCsv(summary.maps));
  }
  await writeFileAtomic(join(folder, 'page.html'), drawRunPage(summary));
  return summary;
}

/**
 * The results in a run's folder.
 *
 * @throws {FileFormatError} when it is not the folder of a run
 */
export async function readRunResults(folder: string): Promise<readonly PublicResult[]> {
  const file = join(folder, 'results.jsonl');
  if (!existsSync(file))
    throw new FileFormatError(folder, 'is not a folder of a run: no results.jsonl');
  const lines = await JsonLines.open<{ readonly value: PublicResult }>(file, {
    what: 'a result',
    parse: (line) => {
      const entry = line as { readonly value?: Partial<PublicResult> } | null;
      if (typeof entry?.value?.strict === 'number') return entry as { value: PublicResult };
      throw new TypeError('a line is a result with its scores');
    },
  });
  await lines.close();
  return lines.found.map(({ value }) => value);
}

async function readJson<T>(file: string): Promise<T> {
  try {
    return parseSealedJson(await readFile(file, 'utf8')) as T;
  } catch (cause) {
    throw new FileFormatError(file, `is not JSON: ${(cause as Error).message}`, { cause });
  }
}
