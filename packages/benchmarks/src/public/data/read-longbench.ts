import { checkNames, FileFormatError, InvalidArgumentError, noneOf } from '@namm/core';
import * as z from '@namm/core/schema';
import { paragraphPatterns } from '../scores/longbench-metrics.js';
import { chouBunTasks, type LongBenchTask, longBenchTasks } from '../scores/longbench-tasks.js';
import { scoreLongBench } from '../scores/score-longbench.js';
import { repositoryFile } from './benchmark-repository.js';
import type { DataFile } from './data-file.js';
import { dataFiles } from './data-files.js';
import { filesOfTask } from './files-of-task.js';
import { formatPrompt, questionOf } from './format-prompt.js';
import type { PublicItem, PublicTask } from './public-task.js';
import { readRows } from './read-rows.js';
import { textNames } from './text-names.js';

/** Where data and prompts are, and how much of them to read. */
export interface ReadBenchmarkOptions {
  /** The data set: a folder, an archive, a repository in the hub's cache, or one file. */
  readonly data: string;
  /** A copy of the benchmark's own repository: its prompts are read from there. */
  readonly repository: string;
  /** @defaultValue all that the data set has */
  readonly tasks?: readonly string[];
  /** Rows of each task, from its beginning. @defaultValue all */
  readonly limit?: number;
}

const optionNames = ['data', 'repository', 'tasks', 'limit'] as const;

const row = z.object({
  input: z.string(),
  context: z.string().min(1, 'is empty'),
  answers: z.array(z.string()).min(1, 'is empty'),
  length: z.number().nullish(),
  all_classes: z.array(z.string()).nullish(),
  _id: z.union([z.string(), z.number()]).nullish(),
});

/**
 * Reads LongBench: its 21 tasks, and with names such as `trec_e` those of LongBench-E. Data is in `<task>.jsonl`, as
 * published in `data.zip` or anywhere in a folder; prompts in `config/dataset2prompt.json` of its repository.
 *
 * @throws {FileFormatError} for files that are missing or cannot be read; bad rows are in `problems`
 * @throws {InvalidArgumentError} for an unknown task
 * @example
 * ```ts
 * const tasks = await readLongBench({ data: 'data.zip', repository: 'LongBench', tasks: ['trec'] });
 * ```
 */
export async function readLongBench(options: ReadBenchmarkOptions): Promise<PublicTask[]> {
  checkNames('readLongBench', options, optionNames);
  return await readTasks('LongBench', longBenchTasks, options, [
    ...['LongBench/config/dataset2prompt.json', 'config/dataset2prompt.json'],
    'dataset2prompt.json',
  ]);
}

/**
 * Reads ChouBun: `<task>/test-00000-of-00001.parquet`, prompts in `ChouBun/config/dataset2prompt.json` of the
 * evo-memory repository.
 *
 * @throws as {@link readLongBench}
 */
export async function readChouBun(options: ReadBenchmarkOptions): Promise<PublicTask[]> {
  checkNames('readChouBun', options, optionNames);
  return await readTasks('ChouBun', chouBunTasks, options, [
    ...['ChouBun/config/dataset2prompt.json', 'config/dataset2prompt.json'],
    'dataset2prompt.json',
  ]);
}

async function readTasks(
  benchmark: string,
  known: Readonly<Record<string, LongBenchTask>>,
  { data, repository, tasks, limit }: ReadBenchmarkOptions,
  promptPaths: readonly string[],
): Promise<PublicTask[]> {
  const { path, text } = await repositoryFile(repository, promptPaths);
  const prompts = promptsIn(path, text);
  const files = await dataFiles(data);
  const names = tasks ?? tasksIn(files, known, data);
  const read: PublicTask[] = [];
  for (const name of names) {
    const base = name.replace(/_e$/, '');
    const facts = known[base];
    if (facts === undefined) {
      const problem = noneOf(name, Object.keys(known));
      throw new InvalidArgumentError('tasks', problem);
    }
    const own = filesOfTask(files, name);
    if (own.length === 0) throw new FileFormatError(data, `holds no ${name}.jsonl`);
    const template = prompts[base];
    if (template === undefined) throw new FileFormatError(path, `has no prompt for ${base}`);
    read.push(await readTask(benchmark, { name, base, facts, files: own, template, path }, limit));
  }
  return read;
}

function promptsIn(path: string, text: string): Record<string, string> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (cause) {
    throw new FileFormatError(path, 'is not a JSON object of prompts', { cause });
  }
}

function tasksIn(
  files: readonly DataFile[],
  known: Readonly<Record<string, LongBenchTask>>,
  data: string,
): string[] {
  const isThere = (name: string) => filesOfTask(files, name).length > 0;
  const names = Object.keys(known).filter(isThere);
  if (names.length > 0) return names;
  // LongBench-E by itself.
  const even = Object.keys(known)
    .map((name) => `${name}_e`)
    .filter(isThere);
  if (even.length > 0) return even;
  throw new FileFormatError(data, `holds none of ${Object.keys(known).join(', ')}`);
}

async function readTask(
  benchmark: string,
  task: {
    readonly name: string;
    readonly base: string;
    readonly facts: LongBenchTask;
    readonly files: readonly DataFile[];
    readonly template: string;
    readonly path: string;
  },
  limit: number | undefined,
): Promise<PublicTask> {
  const { name, base, facts, files, template, path } = task;
  const needsClasses = facts.metric === 'classification_score';
  const schema = needsClasses ? row.required({ all_classes: true }) : row;
  const { rows, problems } = await readRows(files, schema, limit);
  const bad = [...problems];
  const items: PublicItem[] = [];
  const nameOf = textNames();
  for (const { id, file, row: number, value } of rows) {
    const { context, input, answers, all_classes: classes, length } = value;
    if (needsClasses && !classes) {
      bad.push({ file, row: number, field: 'all_classes', problem: 'is null' });
      continue;
    }
    const paragraph = paragraphPatterns[facts.metric];
    if (paragraph && !answers.every((answer) => paragraph.test(answer))) {
      bad.push({
        file,
        row: number,
        field: 'answers',
        problem: 'names no paragraph by its number',
      });
      continue;
    }
    const reference = { answers, ...(classes && { classes }) };
    items.push({
      id,
      text: nameOf(context, id),
      prompt: formatPrompt(template, { context, input }, path),
      question: questionOf(template, { context, input }, path),
      answerPrefix: '',
      groups: length == null ? {} : { length: lengthGroup(length) },
      score: (prediction, quirks) => scoreLongBench(base, prediction, reference, { quirks }),
    });
  }
  return {
    ...{ benchmark, name, family: facts.family, maxNewTokens: facts.maxNewTokens },
    usesChatTemplate: !facts.isFewShot && facts.language !== 'code',
    firstLineOnly: facts.isFewShot ?? false,
    ...{ items, problems: bad },
  };
}

/** The groups of LongBench-E, by words or characters. */
function lengthGroup(length: number): string {
  return length < 4000 ? '0-4k' : length < 8000 ? '4-8k' : '8k+';
}
