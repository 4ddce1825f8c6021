import type { Command } from '@commander-js/extra-typings';
import { choosePolicy, interruptSignal, positiveNumber, StatusLine } from '@namm/cli';
import { watchVideo } from '@namm/jobs/video';
import { addCommonOptions } from './common-options.js';

/** Adds `watch`: a video of any length, and questions at any moment. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description(
      'watch a video of any length in bounded memory. Questions come from standard input, one per line, and are answered at once, or, after @SECONDS, when the video gets there',
    )
    .argument('<source>', 'a video file, a folder of images, an animated GIF, WebP or PNG');
  addCommonOptions(command)
    .option('--every <seconds>', 'how often to print what is held', positiveNumber, 10)
    .action(async (source, options) => {
      const write = (text: string) => process.stdout.write(text);
      const policy = await choosePolicy(options);
      const [status, signal] = [new StatusLine(), interruptSignal()];
      await watchVideo(source, { ...options, policy, input: process.stdin, status, write, signal });
    });
}
