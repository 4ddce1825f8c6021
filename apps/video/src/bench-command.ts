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
      'compare policies at equal bytes with the full cache and with fewer frames, on synthetic clips, LongVideoBench or MLVU',
    );
  addRopeScalingOptions(command, '1 if left out', 1)
    .requiredOption('--model <name>', 'a folder, or a model of the hub')
    .requiredOption('--results <file>', 'JSONL of results; a run goes on with it', outputFile)
    .option('--set <folder>', 'LongVideoBench or MLVU as published; clips if left out')
    .option('--clips <count>', 'how many clips, or items of the set', count, 100)
    .option('--length <frames>', 'frames of a clip', count, 96)
    .option('--most <frames>', 'most frames of a video of the set, one a second', count, 32)
    .option('--policies <list>', classics.join(', '), listOrNone(nameFrom(classics)), classics)
    .option(
      '--namm <files...>',
      'NAMMs: frozen, calibrated, and with random parameters',
      [] as string[],
    )
    .option('--shares <list>', 'of the bytes of the full cache', listOf(share), [0.75, 0.4, 0.2])
    .option('--without <list>', 'kinds of questions that are not asked', listOf(String), [])
    .option('--frames-per-step <count>', 'frames read at once', count, 1)
    .option('--calibrate <count>', 'other clips, or first videos of the set, for NAMMs', count, 32)
    .option('--chunk <count>', 'tokens read at once', count, 256)
    .option('--threads <count>', 'threads that compute', threadCount)
    .option('--seed <seed>', 'of clips and random policies', fromZero, 1)
    .action(async (options) => {
      const signal = interruptSignal();
      const rows = await showProgress('videos', (onProgress) =>
        benchVideos({
          ...{ ...options, ropeScaling: ropeScalingOf(options) },
          open: () => openModel(options.model, signal),
          onMissing: (missing) =>
            console.error(`${counted(missing, 'video')} missing in ${options.set}`),
          ...{ onProgress, signal },
        }),
      );
      const width = terminalWidth();
      console.log(formatVideo(rows, process.stdout.isTTY ? { style: 'plain', width } : {}));
    });
}
