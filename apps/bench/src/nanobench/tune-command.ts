import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import {
  type ConditionSummary,
  describeExtension,
  fullContender,
  measureRows,
  ResultStore,
  summariseConditions,
  type TableRow,
  taskFamilies,
} from '@namm/benchmarks';
import { nanobenchFiller } from '@namm/benchmarks/texts';
import { count, listOf, positiveNumber, StatusLine } from '@namm/cli';
import { Decoder } from '@namm/decoder';
import { modelFolder } from '@namm/models';
import { textTable } from '@namm/report';
import { type BenchmarkModel, openModel } from './benchmark-model.js';
import { decoderOptions, type Extension, tunedFile, writeTuned } from './extension.js';
import { formatInterval } from './format-tables.js';

const status = new StatusLine();

interface Options {
  model?: string;
  factors: number[];
  alphas: number[];
  logitFactors: number[];
  yarn: boolean;
  prompts: number;
  seed: number;
  corpus?: string;
  threads: number;
  results?: string;
  out?: string;
}

/** Adds `nanobench tune`: the best context extension for the full cache. */
export function addTuneCommand(program: Command): void {
  program
    .command('tune')
    .description(
      'find the context extension under which the full cache is best, on the development split',
    )
    .option('--model <folder>', 'a model with its tokenizer; the bundled one if left out')
    .option(
      '--factors <list>',
      'run lengths over the training length',
      listOf(positiveNumber),
      [2, 4, 8, 16],
    )
    .option('--alphas <list>', 'NTK alphas', listOf(positiveNumber), [1, 1.5, 2, 3, 4])
    .option(
      '--logit-factors <list>',
      'factors on the attention logits',
      listOf(positiveNumber),
      [1, 1.25, 1.5, 2],
    )
    .option('--no-yarn', 'NTK only')
    .option('--prompts <count>', 'prompts per family', count, 10)
    .option('--seed <seed>', 'of the samples', count, 1)
    .option('--corpus <folder>', 'filler from a folder with SOURCES.md')
    .option('--threads <count>', 'threads that compute', count, 1)
    .option('--results <file>', 'JSONL file of all results; what it has is not measured again')
    .option('--out <file>', `where the best is written; ${tunedFile} beside the model if left out`)
    .action(tune);
}

async function tune(options: Options): Promise<void> {
  const model = await openModel(options.model ?? modelFolder('nano-llama'));
  const file = options.out ?? join(model.folder, tunedFile);
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-tune-${model.version}.jsonl`),
  );
  const best: Record<string, Extension> = {};
  try {
    for (const factor of options.factors) {
      const tried = await measureExtensions(model, factor, store, options);
      status.clear();
      // Ties of a few questions are told apart by how likely the answers were.
      tried.sort((a, b) => scoreOf(b) - scoreOf(a) || likelihoodOf(b) - likelihoodOf(a));
      const { kind, alpha, logitFactor } = tried[0]!.condition.setting;
      best[factor] = { kind, alpha, logitFactor };
      console.log(`### ${model.name} at ${model.trainedLength * factor} tokens\n`);
      console.log(
        textTable(
          ['extension', 'EM', 'log-prob.', 'prompts'],
          tried.map(({ condition, rows: [row] }) => [
            describeExtension(condition.setting),
            formatInterval(row!.groups.all!.exactMatch),
            row!.logProbability!.toFixed(3),
            String(row!.prompts),
          ]),
        ),
      );
      console.log('');
    }
    await writeTuned(file, { model: model.version, best });
    console.log(`The best are in ${file}.`);
  } finally {
    await store.close();
  }
}

function scoreOf({ rows: [row] }: ConditionSummary): number {
  return row!.groups.all!.exactMatch.estimate;
}

function likelihoodOf({ rows: [row] }: ConditionSummary): number {
  return row!.logProbability!;
}

async function measureExtensions(
  model: BenchmarkModel,
  factor: number,
  store: ResultStore,
  options: Options,
): Promise<ConditionSummary[]> {
  const { alphas, logitFactors, yarn, seed, prompts, threads, corpus } = options;
  const extensions = logitFactors.flatMap((logitFactor): Extension[] => [
    ...alphas.map((alpha): Extension => ({ kind: 'ntk', alpha, logitFactor })),
    ...(yarn ? [{ kind: 'yarn', alpha: 1, logitFactor } as const] : []),
  ]);
  const rows = extensions.map(
    (extension): TableRow => ({
      setting: { model: model.name, version: model.version, factor, ...extension },
      length: model.trainedLength * factor,
      split: 'development',
      seed,
      placement: 'last',
      updateInterval: 256,
      answers: 'forced',
      contender: fullContender.name,
      contenderVersion: '',
      budget: { kind: 'own' },
    }),
  );
  await measureRows(rows, {
    store,
    contenders: [fullContender],
    families: taskFamilies,
    prompts,
    filler: nanobenchFiller(corpus),
    tokenizer: model.tokenizer,
    loadModel: (setting, more) =>
      Decoder.load(model.folder, { ...decoderOptions(setting), ...more, threads }),
    onProgress: ({ done, total }) => status.show(`×${factor}: ${done} of ${total} prompts`),
  });
  return summariseConditions(store, rows, { evolvedFamilies: [] });
}
