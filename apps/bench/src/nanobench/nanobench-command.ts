import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  chooseExtensions,
  commonUpdateInterval,
  evolvedFamiliesOf,
  formatNanobench,
  nanobenchNotes,
  nanobenchSizes,
  ownContender,
  parseExtension,
  type QuestionPlacement,
  ResultStore,
  runNanobench,
  taskFamilies,
  writeNanobench,
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
import { InvalidArgumentError as BadValue } from '@namm/core';
import { openNanobenchEntry, readRival } from '@namm/evolve-policies';
import { checkpointsIn, modelFolder } from '@namm/models';
import { addTuneCommand } from './tune-command.js';

const factors = (text: string): number[] =>
  listOf(positiveNumber)(text).map((factor) => {
    if (factor >= 1) return factor;
    throw new InvalidArgumentError(`'${factor}' is below 1.`);
  });

const familyNames = taskFamilies.map(({ name }) => name);

/** Adds `nanobench`: the result table of the bundled model, or of others. */
export function addNanobenchCommand(program: Command): void {
  const command = nanobenchCommand(program);
  command.action(nanobench);
  addTuneCommand(command);
}

type Options = ReturnType<ReturnType<typeof nanobenchCommand>['opts']>;

function nanobenchCommand(program: Command) {
  return program
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
    .option(
      '--policy <list>',
      `policies of your own, ${ownPolicyForm}`,
      listOf(ownPolicyName),
      [] as string[],
    )
    .option('--budget <size>', 'what they are called with: tokens per head, a share, bytes')
    .option(
      '--offsets <list>',
      'further NAMMs: an offset on every score',
      listOf(number),
      [] as number[],
    )
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
    .option('--html <file>', 'the tables and curves as a page', outputFile);
}

async function nanobench(options: Options): Promise<void> {
  const size = nanobenchSizes[options.full ? 'complete' : 'reduced'];
  const models = await openModels(options);
  const evolvedFamilies = options.evolvedFamilies ?? evolvedFamiliesOf(models);
  const bare = models.map(({ model }) => model);
  const extensions = await chooseExtensions(options.extensions, bare, options.tuned);
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-${bare[0]!.version}.jsonl`),
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
  const { placements, families, split, seed, references, batch, prompts, freePrompts } = options;
  const progress = new ProgressLine('prompts');
  try {
    const { summaries, isComplete } = await runNanobench({
      ...{ store, models, evolvedFamilies, extensions, filler },
      ...{ placements, families, split, seed, references, batch },
      factors: options.factors ?? size.factors,
      prompts: {
        teacherForced: prompts ?? size.prompts.teacherForced,
        generated: freePrompts ?? size.prompts.generated,
      },
      equal: options.equal ?? size.equal,
      shares: options.shares ?? size.shares,
      random: options.random ?? options.full,
      updateInterval: options.updateInterval ?? commonUpdateInterval(models),
      onProgress: (what, event) => progress.update(event, what),
      signal: interruptSignal(),
    });
    progress.clear();
    const hasTable = summaries.flat().length > 0; // interrupted before anything could be compared
    if (!isComplete) {
      const state = hasTable ? 'this is the table so far' : 'there is no table yet';
      notes.push(`Interrupted: ${state}. The same command goes on from ${store.path}.`);
      console.log(`\n${notes.at(-1)}`);
    }
    if (hasTable) {
      const context = { store, models, evolvedFamilies };
      console.log(`\n${formatNanobench(summaries, context, { width: terminalWidth() })}`);
      const { out, html } = options;
      await writeNanobench(summaries, context, notes, { out, html });
    }
    if (!isComplete) throw new Interruption();
  } finally {
    progress.clear();
    await store.close();
  }
}

async function openModels(options: Options) {
  const { namm, rival, policy, budget, offsets, semantics, threads } = options;
  const names = options.model ?? [modelFolder('nano-llama')];
  if (names.length > 1 && namm !== undefined) {
    throw new BadValue('--namm', 'goes with one model; put checkpoints beside the models instead');
  }
  const limit = budget === undefined ? {} : { budget };
  const others = await Promise.all([
    ...rival.map(readRival),
    ...policy.map(async (name) => ownContender(await loadOwnPolicy(name, limit))),
  ]);
  return Promise.all(
    names.map(async (name) => {
      const folder = await openModel(name, interruptSignal());
      const namms = namm ?? checkpointsIn(folder);
      return openNanobenchEntry(folder, { threads, namms, offsets, semantics, others });
    }),
  );
}
