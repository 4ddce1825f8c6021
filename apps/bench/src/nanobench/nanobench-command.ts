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
      'compare the full cache, a fact oracle, NAMMs and classic policies on the task families, beyond the training length',
    )
    .option('--full', 'run everything, not the short form of a few minutes', false)
    .option('--model <names...>', 'folders, or models of the hub (the bundled one)')
    .option('--namm <files...>', 'NAMM checkpoints (those beside each model)')
    .option(
      '--rival <files...>',
      'evolved rivals that see only key norm and age (best.json)',
      [] as string[],
    )
    .option(
      '--policy <list>',
      `your own policies, as ${ownPolicyForm}`,
      listOf(ownPolicyName),
      [] as string[],
    )
    .option('--budget <size>', 'budget for your own policies: tokens per head, a share, or bytes')
    .option(
      '--offsets <list>',
      'try more NAMMs, with these offsets added to every score',
      listOf(number),
      [] as number[],
    )
    .option(
      '--semantics <list>',
      'try more NAMMs, deciding by these rules instead of their own',
      listOrNone(nameFrom(['exact', 'reference'] as const)),
      [] as ('exact' | 'reference')[],
    )
    .option(
      '--references <count>',
      'how many of the NAMMs to match with classic policies of equal size',
      count,
      1,
    )
    .option('--corpus <folder>', 'take filler from a folder with SOURCES.md')
    .option('--factors <list>', 'prompt lengths, as multiples of the training length', factors)
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
      'families seen in evolution; the others count as held out (as the checkpoints say)',
      listOf(nameFrom(familyNames)),
    )
    .option(
      '--equal <list>',
      "what classic policies have in common with each NAMM: bytes, rows, heads; or 'none'",
      listOrNone(nameFrom(['rows', 'bytes', 'heads'] as const)),
    )
    .option(
      '--shares <list>',
      "shares of the tokens to keep, for the curve; or 'none'",
      listOrNone(share),
    )
    .option('--prompts <count>', 'prompts per family', count)
    .option('--free-prompts <count>', 'prompts per family with freely decoded answers', count)
    .option('--random', 'add a NAMM with random parameters that keeps as much (on with --full)')
    .option('--update-interval <tokens>', 'tokens between decisions (as the NAMMs say)', count)
    .addOption(
      new Option('--split <split>', 'which samples to use')
        .choices(['development', 'test'] as const)
        .default('test'),
    )
    .option('--seed <seed>', 'seed for samples and for the random policy', count, 1)
    .option('--batch <count>', 'prompts that go through a model together', count, 4)
    .option('--threads <count>', 'threads for computing', threadCount, 1)
    .option(
      '--results <file>',
      'JSONL file of all results; what it holds is not measured again',
      outputFile,
    )
    .option('--out <file>', 'write the tables as Markdown', outputFile)
    .option('--html <file>', 'write tables and curves as a web page', outputFile)
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
