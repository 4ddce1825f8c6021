import type { Command } from '@commander-js/extra-typings';
import { classicVideoContenders, formatVideo } from '@namm/benchmarks';
import {
  addRopeScalingOptions,
  count,
  fromZero,
  interruptSignal,
  listOf,
  listOrNone,
  nameFrom,
  openModel,
  outputFile,
  ropeScalingOf,
  share,
  showProgress,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { counted } from '@namm/core';
import { benchVideos } from '@namm/jobs/video';

const classics = classicVideoContenders(1).map(({ name }) => name);

/** Adds `bench`: policies at equal bytes, on synthetic clips or a published set. */
export function addBenchCommand(program: Command): void {
  const command = program
    .command('bench')
    .description(
      'compare policies with the full cache and with fewer frames, at equal bytes, on synthetic clips, LongVideoBench or MLVU',
    );
  addRopeScalingOptions(command, '1 if left out', 1)
    .requiredOption('--model <name>', 'a folder, or a model of the hub')
    .requiredOption('--results <file>', 'JSONL file of results; a run resumes from it', outputFile)
    .option('--set <folder>', 'LongVideoBench or MLVU as published (synthetic clips)')
    .option('--clips <count>', 'number of clips, or of items of the set', count, 100)
    .option('--length <frames>', 'frames per clip', count, 96)
    .option('--most <frames>', 'most frames per video of the set, one a second', count, 32)
    .option('--policies <list>', classics.join(', '), listOrNone(nameFrom(classics)), classics)
    .option(
      '--namm <files...>',
      'NAMMs to try: frozen, calibrated, and with random parameters',
      [] as string[],
    )
    .option(
      '--shares <list>',
      'budgets, as shares of the bytes of the full cache',
      listOf(share),
      [0.75, 0.4, 0.2],
    )
    .option('--without <list>', 'kinds of questions to leave out', listOf(String), [])
    .option('--frames-per-step <count>', 'frames to read at once', count, 1)
    .option(
      '--calibrate <count>',
      'other clips, or first videos of the set, for calibrating NAMMs',
      count,
      32,
    )
    .option('--chunk <count>', 'tokens to read at once', count, 256)
    .option('--threads <count>', 'threads for computing', threadCount)
    .option('--seed <seed>', 'seed for clips and random policies', fromZero, 1)
    .action(async (options) => {
      const signal = interruptSignal();
      const rows = await showProgress('videos', (onProgress, clear) =>
        benchVideos({
          ...{ ...options, ropeScaling: ropeScalingOf(options) },
          open: () => openModel(options.model, signal),
          onMissing: (files) =>
            console.error(`${counted(files.length, 'video')} missing, such as ${files[0]}`),
          onProblem: (message) => {
            clear();
            console.error(message);
          },
          ...{ onProgress, signal },
        }),
      );
      const width = terminalWidth();
      console.log(formatVideo(rows, process.stdout.isTTY ? { style: 'plain', width } : {}));
    });
}
