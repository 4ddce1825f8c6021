import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { parseExtension, type QuestionPlacement, taskFamilies } from '@namm/benchmarks';
import {
  count,
  Interruption,
  interruptSignal,
  listOf,
  listOrNone,
  nameFrom,
  number,
  openModel,
  outputFile,
  ownPolicyForm,
  ownPolicyName,
  positiveNumber,
  readBy,
  share,
  showProgress,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { measureNanobench } from '@namm/jobs';
import { modelFolder } from '@namm/models';
import { addTuneCommand } from './tune-command.js';

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
    .addOption(
      new Option('--extensions <list>', 'published (ntk:2:1), tuned, ntk:ALPHA:LOGITS, yarn:LOGITS')
        .argParser(listOf(readBy(parseExtension)))
        .default([parseExtension('published')], 'published'),
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
    .action(async ({ model, ...options }) => {
      const signal = interruptSignal();
      const names = model ?? [modelFolder('nano-llama')];
      const folders = await Promise.all(names.map((name) => openModel(name, signal)));
      const { table, interrupted } = await showProgress('prompts', (onProgress) =>
        measureNanobench({
          ...{ ...options, folders, width: terminalWidth(), onProgress, signal },
          onNotes: (notes) => console.log(notes.join('\n')),
        }),
      );
      if (interrupted !== null) console.log(`\n${interrupted}`);
      if (table !== null) console.log(`\n${table}`);
      if (interrupted !== null) throw new Interruption();
    });
  addTuneCommand(command as Command);
}
