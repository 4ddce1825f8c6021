import {
  checkNames,
  FileFormatError,
  InvalidArgumentError,
  noneOf,
  type ProgressListener,
} from '@namm/core';
import {
  type CacheShape,
  type EvictionPolicy,
  type GivenCounts,
  groupByProbe,
  type KVCache,
  keptShare,
  type Probe,
  type SequenceModel,
} from '@namm/kv-cache';
import type { Filler } from '../filler.js';
import type { SampleTokenizer } from '../prepare-sample.js';
import { type AnsweringModel, type SampleScore, scoreSamples } from '../score-samples.js';
import type { TaskFamily } from '../types.js';
import { allotRows } from './allot-rows.js';
import type { Contender } from './contender.js';
import { countingPolicy } from './counting-policy.js';
import { generateAnswers } from './generate-answers.js';
import type { PromptResult, ResultStore } from './result-store.js';
import { type TablePrompt, tablePrompt } from './table-prompt.js';
import {
  conditionKey,
  describeBudget,
  type ModelSetting,
  rowKey,
  type TableCondition,
  type TableRow,
} from './table-row.js';

/** A model of the table; `Decoder` of `@namm/decoder` is one. */
export type TableModel = AnsweringModel &
  Pick<SequenceModel<KVCache, EvictionPolicy>, 'cacheShape' | 'release'>;

/** Settings for measuring rows. */
export interface MeasureOptions {
  readonly store: ResultStore;
  /** Every contender that the rows name, including those that others are measured against. */
  readonly contenders: readonly Contender[];
  readonly families: readonly TaskFamily[];
  /** Per family. */
  readonly prompts: number;
  readonly filler: Filler;
  readonly tokenizer: SampleTokenizer;
  /** Loads a model that reads `chunkSize` tokens at once; it is released when its condition is done. */
  readonly loadModel: (
    setting: ModelSetting,
    options: { readonly probe: Probe; readonly chunkSize: number },
  ) => Promise<TableModel>;
  /** Prompts whose contenders go through a model together. @defaultValue 4 */
  readonly batch?: number;
  /** Called after each batch: stage `prompts`, over all rows. */
  readonly onProgress?: ProgressListener;
  /** Stops between chunks of tokens, with the signal's reason; what was measured so far is in the store. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures what the store does not have yet. Prompts are the same for all rows of a condition; contenders whose
 * policies need the same probe go through the model together. Rows that are measured against
 * another contender's wait for its result on the same prompt, which is measured when no row asks for it.
 *
 * @throws {InvalidArgumentError} when a row names a contender that is not given, that cannot do what is asked, or
 *   that decides at other tokens than the row says
 * @throws {FileFormatError} when the store has results of other prompts under the same row
 * @throws the signal's reason when it is aborted
 */
export async function measureRows(
  rows: readonly TableRow[],
  options: MeasureOptions,
): Promise<void> {
  checkNames('measureRows', options, [
    ...(['store', 'contenders', 'families', 'prompts', 'filler', 'tokenizer'] as const),
    ...(['loadModel', 'batch', 'onProgress', 'signal'] as const),
  ]);
  const all = withReferences(rows, options.contenders);
  const total = all.length * options.families.length * options.prompts;
  let done = 0;
  const report = (count: number) => {
    done += count;
    options.onProgress?.({ stage: 'prompts', done, total });
  };
  const conditions = new Map<string, TableRow[]>();
  for (const row of all) {
    const key = conditionKey(row);
    conditions.set(key, [...(conditions.get(key) ?? []), row]);
  }
  for (const group of conditions.values()) await measureCondition(group, options, report);
}

/** The rows, each once, and those that some are measured against, which come first. */
function withReferences(rows: readonly TableRow[], contenders: readonly Contender[]): TableRow[] {
  const byKey = new Map<string, TableRow>();
  const add = (row: TableRow) => {
    const contender = contenderOf(row.contender, contenders);
    const isPossible = row.budget.kind === 'own' ? contender.own : contender.ranked;
    if (isPossible === undefined) {
      const problem = `'${row.contender}' cannot have the budget '${describeBudget(row.budget)}'`;
      throw new InvalidArgumentError('rows', problem);
    }
    byKey.set(rowKey(row), row);
  };
  for (const row of rows) {
    const reference = referenceOf(row);
    if (reference !== null) add(reference);
  }
  for (const row of rows) add(row);
  return [...byKey.values()];
}

function referenceOf(row: TableRow): TableRow | null {
  if (!('like' in row.budget)) return null;
  const { like, likeVersion } = row.budget;
  return { ...row, contender: like, contenderVersion: likeVersion, budget: { kind: 'own' } };
}

function contenderOf(name: string, contenders: readonly Contender[]): Contender {
  const contender = contenders.find((each) => each.name === name);
  if (contender !== undefined) return contender;
  const known = contenders.map((each) => each.name);
  throw new InvalidArgumentError('contenders', noneOf(name, known));
}

/** A row on a prompt that is not in the store yet. */
interface Task {
  readonly row: TableRow;
  readonly prompt: TablePrompt;
}

async function measureCondition(
  rows: readonly TableRow[],
  options: MeasureOptions,
  report: (count: number) => void,
): Promise<void> {
  const { store, families, prompts, batch = 4 } = options;
  const condition = rows[0]!;
  const models = new Map<string, TableModel>();
  const modelFor = async (probe: Probe) => {
    const key = probe.kind === 'lastQueries' ? `${probe.kind} ${probe.count}` : probe.kind;
    const { updateInterval: chunkSize, setting } = condition;
    const model = models.get(key) ?? (await options.loadModel(setting, { probe, chunkSize }));
    models.set(key, model);
    return model;
  };
  try {
    for (const family of families) {
      checkSamePrompts(rows, promptOf(condition, family, 0, options), store);
      for (let from = 0; from < prompts; from += batch) {
        options.signal?.throwIfAborted();
        const indices = Array.from({ length: Math.min(batch, prompts - from) }, (_, i) => from + i);
        const isOpen = (row: TableRow) => (index: number) =>
          store.result(row, family.name, index) === undefined;
        const open = indices.filter((index) => rows.some((row) => isOpen(row)(index)));
        const made = open.map((index) => promptOf(condition, family, index, options));
        for (const prompt of made) checkSamePrompts(rows, prompt, store);
        const tasks = made.flatMap((prompt) =>
          rows
            .filter((row) => isOpen(row)(prompt.sample.index))
            .map((row): Task => ({ row, prompt })),
        );
        const depends = ({ row }: Task) => 'like' in row.budget;
        await measureTasks(
          tasks.filter((task) => !depends(task)),
          options,
          modelFor,
        );
        await measureTasks(tasks.filter(depends), options, modelFor);
        report(indices.length * rows.length);
      }
    }
  } finally {
    for (const model of models.values()) await model.release();
  }
}

function promptOf(
  { length, split, seed, placement, updateInterval }: TableCondition,
  family: TaskFamily,
  index: number,
  { filler, tokenizer }: MeasureOptions,
): TablePrompt {
  const drawn = { family, length, split, seed, index };
  return tablePrompt({ ...drawn, placement, updateInterval, filler, tokenizer });
}

/** The generator or the filler may have changed since the file was begun. */
function checkSamePrompts(
  rows: readonly TableRow[],
  { sample, digest }: TablePrompt,
  store: ResultStore,
): void {
  for (const row of rows) {
    const known = store.result(row, sample.family, sample.index);
    if (known === undefined || known.digest === digest) continue;
    const problem = `has results of another prompt for ${sample.id}; measure into a new file`;
    throw new FileFormatError(store.path, problem);
  }
}

/** Measures tasks that do not wait for each other, side by side where they need the same probe. */
async function measureTasks(
  tasks: readonly Task[],
  options: MeasureOptions,
  modelFor: (probe: Probe) => Promise<TableModel>,
): Promise<void> {
  const { store, contenders, tokenizer, signal } = options;
  const needs = tasks.map((task) => {
    return { ...task, probe: contenderOf(task.row.contender, contenders).probe };
  });
  for (const group of groupByProbe(needs)) {
    const model = await modelFor(group[0]!.probe);
    const items = group.map(({ row, prompt }) => {
      const policy = policyFor(row, prompt, model.cacheShape, options);
      // Others may be measured against what decides itself at every update.
      if (row.budget.kind !== 'own' || policy.updateInterval === undefined) {
        return { prompt, policy };
      }
      const counts: GivenCounts[] = [];
      return { prompt, counts, policy: countingPolicy(policy, counts) };
    });
    const scores =
      group[0]!.row.answers === 'generated'
        ? await generateAnswers(model, items, tokenizer, { ...(signal && { signal }) })
        : await scoreSamples(
            model,
            items.map(({ prompt, policy }) => ({ prepared: prompt.prepared, policy })),
            { ...(signal && { signal }) },
          );
    for (const [i, { row, prompt }] of group.entries()) {
      await store.add(row, resultOf(prompt, scores[i]!, items[i]!.counts));
    }
  }
}

function policyFor(
  row: TableRow,
  prompt: TablePrompt,
  shape: CacheShape,
  { contenders, store }: MeasureOptions,
): EvictionPolicy {
  const contender = contenderOf(row.contender, contenders);
  const { budget, updateInterval } = row;
  if (budget.kind === 'own') {
    const policy = contender.own!(prompt);
    const interval = policy.updateInterval ?? updateInterval;
    if (interval === updateInterval) return policy;
    const problem = `'${row.contender}' decides every ${interval} tokens, the others every ${updateInterval}`;
    throw new InvalidArgumentError('updateInterval', problem);
  }
  const reference = referenceOf(row);
  const { family, index } = prompt.sample;
  const like = reference === null ? undefined : store.result(reference, family, index);
  const schedule = allotRows({
    budget,
    shape,
    seen: prompt.prepared.context.length,
    updateInterval,
    policyBytesPerRow: contender.bytesPerRow ?? (() => 0),
    ...(like && { like }),
  });
  return contender.ranked!(schedule, updateInterval);
}

function resultOf(
  { sample, digest }: TablePrompt,
  { questions, logProbabilities, memory }: SampleScore,
  counts: readonly GivenCounts[] | undefined,
): PromptResult {
  const { seen, bytes } = memory.atAnswer;
  return {
    family: sample.family,
    index: sample.index,
    digest,
    questions,
    logProbabilities,
    seen,
    kept: {
      atAnswer: keptShare(memory.atAnswer),
      average: memory.average.keptShare,
    },
    bytes: {
      keysAndValues: bytes.used,
      positions: bytes.positions,
      policy: bytes.policy,
      average: memory.average.bytes,
      peak: memory.peakBytes,
    },
    ...(counts && { counts }),
  };
}
