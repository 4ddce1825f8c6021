import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  type ConditionSummary,
  commonUpdateInterval,
  drawPage,
  type Extension,
  type ExtensionChoice,
  evolvedFamiliesOf,
  formatNanobench,
  type NanobenchContext,
  type NanobenchEntry,
  type NanobenchModel,
  nanobenchNotes,
  ownContender,
  parseExtension,
  type QuestionPlacement,
  ResultStore,
  readTunedExtensions,
  runNanobench,
  type Split,
  taskFamilies,
  tunedExtensionsFile,
} from '@namm/benchmarks';
import { nanobenchFiller } from '@namm/benchmarks/texts';
import {
  count,
  describeMachine,
  Interruption,
  interruptSignal,
  listOf,
  listOrNone,
  loadOwnPolicy,
  nameFrom,
  number,
  openModel,
  outputFile,
  ownPolicyForm,
  ownPolicyName,
  ProgressLine,
  positiveNumber,
  readBy,
  share,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { InvalidArgumentError as BadValue, writeFileAtomic } from '@namm/core';
import { openBenchmarkModel, readNamms, readRival, varyNamm } from '@namm/evolve-policies';
import { checkpointsIn, modelFolder } from '@namm/models';
import { addTuneCommand } from './tune-command.js';

/** What the reduced run measures, and what `--full` does instead. */
const reduced = { factors: [1, 4, 8], prompts: 3, equal: ['bytes'], shares: [0.25] };
const complete = {
  factors: [1, 2, 4, 8, 16],
  prompts: 40,
  freePrompts: 5,
  equal: ['bytes', 'rows', 'heads'],
  shares: [0.75, 0.5, 0.25, 0.12],
};

interface Options {
  full: boolean;
  model?: string[];
  namm?: string[];
  rival: string[];
  policy: string[];
  budget?: string;
  offsets: number[];
  semantics: ('exact' | 'reference')[];
  references: number;
  corpus?: string;
  factors?: number[];
  extensions: ExtensionChoice[];
  tuned?: string;
  placements: QuestionPlacement[];
  families: string[];
  evolvedFamilies?: string[];
  equal?: ('rows' | 'bytes' | 'heads')[];
  shares?: number[];
  prompts?: number;
  freePrompts?: number;
  random?: boolean;
  updateInterval?: number;
  split: Split;
  seed: number;
  batch: number;
  threads: number;
  results?: string;
  out?: string;
  html?: string;
}

const factors = (text: string): number[] =>
  listOf(positiveNumber)(text).map((factor) => {
    if (factor >= 1) return factor;
    throw new InvalidArgumentError(`'${factor}' is below 1.`);
  });

const familyNames = taskFamilies.map(({ name }) => name);

/** Adds `nanobench`: the result table of the bundled model, or of others. */
export function addNanobenchCommand(program: Command): void {
  const command = program
    .command('nanobench')
    .enablePositionalOptions()
    .description(
      'score full cache, fact oracle, NAMMs and classic policies on the task families, beyond the training length',
    )
    .option('--full', 'everything, instead of the reduced form of a few minutes', false)
    .option('--model <names...>', 'folders, or models of the hub; the bundled one if left out')
    .option('--namm <files...>', 'checkpoints; those beside each model if left out')
    .option(
      '--rival <files...>',
      'evolved rivals that see key norm and age only (best.json)',
      [] as string[],
    )
    .option('--policy <list>', `policies of your own, ${ownPolicyForm}`, listOf(ownPolicyName), [])
    .option('--budget <size>', 'what they are called with: tokens per head, a share, bytes')
    .option('--offsets <list>', 'further NAMMs: an offset on every score', listOf(number), [])
    .option(
      '--semantics <list>',
      'further NAMMs: decisions other than their own',
      listOrNone(nameFrom(['exact', 'reference'] as const)),
      [] as ('exact' | 'reference')[],
    )
    .option('--references <count>', 'how many of the NAMMs the classic policies equal', count, 1)
    .option('--corpus <folder>', 'filler from a folder with SOURCES.md')
    .option('--factors <list>', 'run lengths over the training length', factors)
    .option(
      '--extensions <list>',
      'published (ntk:2:1), tuned, ntk:ALPHA:LOGITS, yarn:LOGITS',
      listOf(readBy(parseExtension)),
      [parseExtension('published')],
    )
    .option('--tuned <file>', 'what `nanobench tune` wrote, if not beside the model')
    .option(
      '--placements <list>',
      'where the questions stand: last, first, unseen, seen',
      listOf(nameFrom<QuestionPlacement>(['last', 'first', 'unseen', 'seen'])),
      ['last'] as QuestionPlacement[],
    )
    .option('--families <list>', familyNames.join(', '), listOf(nameFrom(familyNames)), familyNames)
    .option(
      '--evolved-families <list>',
      'which are not held out; what the checkpoints say if left out',
      listOf(nameFrom(familyNames)),
    )
    .option(
      '--equal <list>',
      "in what the classic policies equal each NAMM: bytes, rows, heads; or 'none'",
      listOrNone(nameFrom(['rows', 'bytes', 'heads'] as const)),
    )
    .option(
      '--shares <list>',
      "shares of the tokens read, for the curve; or 'none'",
      listOrNone(share),
    )
    .option('--prompts <count>', 'prompts per family', count)
    .option('--free-prompts <count>', 'prompts per family whose answers are decoded', count)
    .option('--random', 'a NAMM of random parameters that keeps as much (default: with --full)')
    .option('--update-interval <tokens>', 'tokens between decisions; that of the NAMMs', count)
    .addOption(
      new Option('--split <split>', 'of the samples')
        .choices(['development', 'test'] as const)
        .default('test'),
    )
    .option('--seed <seed>', 'of the samples, and of the random policy', count, 1)
    .option('--batch <count>', 'prompts that go through a model together', count, 4)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option(
      '--results <file>',
      'JSONL file of all results; what it has is not measured again',
      outputFile,
    )
    .option('--out <file>', 'the tables as Markdown', outputFile)
    .option('--html <file>', 'the tables and curves as a page', outputFile)
    .action(nanobench);
  addTuneCommand(command);
}

async function nanobench(options: Options): Promise<void> {
  const size = options.full ? complete : { ...reduced, freePrompts: 0 };
  const folders = options.model ?? [modelFolder('nano-llama')];
  const models = await openModels(folders, options);
  const evolvedFamilies = options.evolvedFamilies ?? evolvedFamiliesOf(models);
  const extensions = await readExtensions(folders, models, options);
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-${models[0]!.model.version}.jsonl`),
  );
  const notes = [
    `Machine: ${describeMachine()}. Results: ${store.path}.`,
    `Evolved on: ${evolvedFamilies.join(', ') || 'unknown, so all families count as held out'}.`,
    ...nanobenchNotes,
    ...models.flatMap(({ model, learned }) =>
      learned.length > 0 ? [] : [`${model.name} has no NAMM; the table is without one.`],
    ),
  ];
  const filler = nanobenchFiller(options.corpus); // refused before anything is printed
  for (const note of notes) console.log(note);
  const progress = new ProgressLine('prompts');
  try {
    const { summaries, isComplete } = await runNanobench({
      ...{ store, models, evolvedFamilies, extensions },
      factors: options.factors ?? size.factors,
      placements: options.placements,
      families: options.families,
      split: options.split,
      seed: options.seed,
      prompts: {
        teacherForced: options.prompts ?? size.prompts,
        generated: options.freePrompts ?? size.freePrompts,
      },
      equal: options.equal ?? (size.equal as ('rows' | 'bytes' | 'heads')[]),
      shares: options.shares ?? size.shares,
      random: options.random ?? options.full,
      references: options.references,
      filler,
      updateInterval: options.updateInterval ?? commonUpdateInterval(models),
      batch: options.batch,
      onProgress: (what, event) => progress.update(event, what),
      signal: interruptSignal(),
    });
    progress.clear();
    if (!isComplete) {
      const state =
        summaries.flat().length > 0 ? 'this is the table so far' : 'there is no table yet';
      notes.push(`Interrupted: ${state}. The same command goes on from ${store.path}.`);
      console.log(`\n${notes.at(-1)}`);
    }
    await publish(summaries, { store, models, evolvedFamilies }, { notes, options });
    if (!isComplete) throw new Interruption();
  } finally {
    progress.clear();
    await store.close();
  }
}

async function publish(
  summaries: readonly ConditionSummary[][],
  context: NanobenchContext,
  { notes, options }: { readonly notes: readonly string[]; readonly options: Options },
): Promise<void> {
  const conditions = summaries.flat();
  if (conditions.length === 0) return; // interrupted before anything could be compared
  console.log(`\n${formatNanobench(summaries, context, { width: terminalWidth() })}`);
  const whole = formatNanobench(summaries, context, { width: Number.POSITIVE_INFINITY });
  if (options.out) await writeFileAtomic(options.out, `${notes.join('\n\n')}\n\n${whole}\n`);
  if (options.html) await writeFileAtomic(options.html, drawPage(conditions, notes));
}

async function openModels(
  folders: readonly string[],
  { namm, rival, policy, budget, offsets, semantics, threads }: Options,
): Promise<NanobenchEntry[]> {
  if (folders.length > 1 && namm !== undefined) {
    throw new BadValue('--namm', 'goes with one model; put checkpoints beside the models instead');
  }
  const limit = budget === undefined ? {} : { budget };
  const rivals = await Promise.all([
    ...rival.map(readRival),
    ...policy.map(async (name) => ownContender(await loadOwnPolicy(name, limit))),
  ]);
  return Promise.all(
    folders.map(async (folder) => {
      const model = await openBenchmarkModel(await openModel(folder, interruptSignal()), {
        threads,
      });
      const learned = await readNamms(namm ?? checkpointsIn(folder));
      const variants = [
        ...offsets.map((scoreOffset) => ({ scoreOffset })),
        ...semantics.map((kind) => ({ semantics: kind })),
      ].flatMap((variant) => learned.map((each) => varyNamm(each, variant)));
      return { model, learned, others: [...rivals, ...variants] };
    }),
  );
}

async function readExtensions(
  folders: readonly string[],
  models: readonly NanobenchEntry[],
  { extensions, tuned }: Options,
): Promise<((model: NanobenchModel, factor: number) => Extension)[]> {
  const found = extensions.includes('tuned')
    ? await Promise.all(
        models.map(({ model }, i) =>
          readTunedExtensions(tuned ?? join(folders[i]!, tunedExtensionsFile), model.version),
        ),
      )
    : [];
  return extensions.map((choice) => (model, factor) => {
    if (choice !== 'tuned') return choice;
    const best = found[models.findIndex((entry) => entry.model === model)]!.best[factor];
    if (best !== undefined) return best;
    throw new BadValue('--factors', `×${factor} was not tuned for ${model.name}; tune it`);
  });
}
