import { readFile } from 'node:fs/promises';
import { describeIssue, FileFormatError, InvalidArgumentError } from '@namm/core';
import * as z from '@namm/core/schema';
import { parse } from 'yaml';
import { type EvictionTime, evictionTimes } from './eviction-time.js';

const count = z.number().int().min(1);
const names = z.array(z.string()).min(1, 'is empty');

/** A benchmark of a run, and the part of it to run. */
export interface BenchmarkPlan {
  readonly name:
    | 'longbench'
    | 'longbench-v2'
    | 'infinitebench'
    | 'choubun'
    | 'ruler'
    | 'needle'
    | 'nanobench';
  /** The data set; not needed if RULER or NanoBench generates the data. */
  readonly data?: string | undefined;
  /** A copy of the benchmark's repository, for its prompts. */
  readonly repository?: string | undefined;
  readonly tasks?: readonly string[] | undefined;
  /** Rows of each task. */
  readonly limit?: number | undefined;
  /** RULER, needle and NanoBench: tokens of a prompt. */
  readonly lengths?: readonly number[] | undefined;
  /** Needle: its places, in per cent of the essay. */
  readonly depths?: readonly number[] | undefined;
  /** RULER, needle and NanoBench: samples of each task and length. */
  readonly samples?: number | undefined;
  /** RULER and needle: a folder with an essay, word lists and questions. */
  readonly sources?: string | undefined;
  /** InfiniteBench: the model whose templates to use. */
  readonly templates?: string | undefined;
}

/** A run of benchmarks, complete. */
export interface RunPlan {
  readonly model: string;
  readonly benchmarks: readonly BenchmarkPlan[];
  readonly policies: readonly string[];
  readonly budgets: readonly string[];
  readonly out: string;
  readonly seed: number;
  readonly chat: 'auto' | 'always' | 'never';
  readonly evict: EvictionTime;
  /** Tokens of a prompt and its answer together. */
  readonly maxTokens?: number | undefined;
  readonly maxNewTokens?: number | undefined;
  readonly threads: number;
  /** Number of worker threads, each with its own model. */
  readonly workers: number;
  readonly dtype?: 'auto' | 'fp32' | 'q8' | 'q4' | undefined;
  readonly ropeFactor?: number | undefined;
  readonly ropeScaling: 'ntk' | 'yarn';
  readonly ropeAlpha: number;
  readonly logitFactor: number;
  readonly namm?: string | undefined;
  readonly taught?: string | undefined;
}

const benchmark = z.strictObject({
  name: z.enum([
    ...(['longbench', 'longbench-v2', 'infinitebench', 'choubun', 'ruler', 'needle'] as const),
    'nanobench',
  ]),
  data: z.string().optional(),
  repository: z.string().optional(),
  tasks: names.optional(),
  limit: count.optional(),
  lengths: z.array(count).min(1, 'is empty').optional(),
  depths: z.array(z.number().min(0).max(100)).min(1, 'is empty').optional(),
  samples: count.optional(),
  sources: z.string().optional(),
  templates: z.string().optional(),
});

const plan = z.strictObject({
  model: z.string().optional(),
  benchmarks: z.array(benchmark).min(1, 'is empty').optional(),
  policies: names.default(['snapkv', 'h2o']),
  budgets: z
    .array(z.union([z.string(), z.number()]).transform(String))
    .min(1, 'is empty')
    .default(['25%']),
  out: z.string().optional(),
  seed: z.number().int().min(0).default(1),
  chat: z.enum(['auto', 'always', 'never']).default('auto'),
  evict: z.enum(evictionTimes).default('while-reading'),
  maxTokens: count.optional(),
  maxNewTokens: count.optional(),
  threads: count.default(1),
  workers: count.default(1),
  dtype: z.enum(['auto', 'fp32', 'q8', 'q4']).optional(),
  ropeFactor: z.number().positive().optional(),
  ropeScaling: z.enum(['ntk', 'yarn']).default('ntk'),
  ropeAlpha: z.number().positive().default(2),
  logitFactor: z.number().positive().default(1),
  namm: z.string().optional(),
  taught: z.string().optional(),
});

/**
 * Plans a run from a YAML file, the command line, or both; the command line takes precedence. Every name and value is
 * checked.
 *
 * @param file null for none
 * @param flags settings by their names in the file; `benchmark` names a single benchmark, to which the settings of a
 *   benchmark then apply
 * @throws {FileFormatError} naming the invalid field of the file
 * @throws {InvalidArgumentError} naming the invalid flag, or the missing setting
 * @example
 * ```yaml
 * model: ./SmolLM2-135M-Instruct
 * benchmarks:
 *   - { name: longbench, data: ./data.zip, repository: ./LongBench, tasks: [hotpotqa, trec], limit: 50 }
 *   - { name: ruler, repository: ./RULER, lengths: [1024, 2048], samples: 25 }
 * policies: [snapkv, h2o]
 * budgets: [50%, 25%]
 * out: ./run
 * ```
 */
export async function runPlan(
  file: string | null,
  flags: Readonly<Record<string, unknown>>,
): Promise<RunPlan> {
  const given = file === null ? {} : await parsedYaml(file);
  const own: Record<string, unknown> = {};
  const ofBenchmark: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    if (name === 'benchmark') ofBenchmark.name = value;
    else if (name in benchmark.shape) ofBenchmark[name] = value;
    else own[name] = value;
  }
  if ('name' in ofBenchmark) own.benchmarks = [ofBenchmark];
  else if (Object.keys(ofBenchmark).length > 0) {
    const problem = `belongs to a --benchmark, which is not named`;
    throw new InvalidArgumentError(`--${Object.keys(ofBenchmark)[0]}`, problem);
  }
  const result = plan.safeParse({ ...given, ...own }, { error: describeIssue });
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    const where = path.join('.') || 'the whole';
    const [first, , field] = path;
    if (first === 'benchmarks' && 'name' in ofBenchmark) {
      throw new InvalidArgumentError(
        `--${field === 'name' ? 'benchmark' : String(field)}`,
        message,
      );
    }
    if (first !== undefined && first in own) throw new InvalidArgumentError(flagOf(first), message);
    throw new FileFormatError(file ?? 'the command line', `${where}: ${message}`);
  }
  const { model, benchmarks, out } = result.data;
  for (const [name, value] of Object.entries({ model, benchmark: benchmarks, out })) {
    if (value !== undefined) continue;
    throw new InvalidArgumentError(`--${name}`, 'is needed, here or in the file of the run');
  }
  return { ...result.data, model: model!, benchmarks: benchmarks!, out: out! };
}

/** `maxTokens` as the command line calls it. */
const flagOf = (name: PropertyKey) =>
  `--${String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

async function parsedYaml(file: string): Promise<object> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new FileFormatError(file, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new FileFormatError(file, 'is not a list of names and values');
}
