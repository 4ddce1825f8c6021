import type { Command } from '@commander-js/extra-typings';
import {
  choosePolicy,
  count,
  interruptSignal,
  jsonText,
  StatusLine,
  showProgress,
} from '@namm/cli';
import { askAboutVideo } from '@namm/jobs/video';
import { addCommonOptions } from './common-options.js';

/** Adds `ask`: one question about a video or about images. */
export function addAskCommand(program: Command): void {
  const command = program
    .command('ask')
    .description('answer a question about a video, a folder of frames, an animation, or an image')
    .argument(
      '<source>',
      'a video file, a folder of images, an animated GIF, WebP or PNG, an image',
    )
    .argument('<question>', 'in the language of the model');
  addCommonOptions(command)
    .option(
      '--frames <count>',
      'number of frames to show, evenly spaced (as the model prescribes)',
      count,
    )
    .option('--most <count>', 'most frames to show, with --rate', count)
    .option(
      '--compact',
      'close the gaps that forgotten tokens leave in positions, for videos of any length',
    )
    .option('--json', 'print one object of JSON')
    .action(async (source, question, { json, ...options }) => {
      const policy = await choosePolicy(options);
      const [status, signal] = [new StatusLine(), interruptSignal()];
      const answer = await showProgress('frames', (onProgress, clear) => {
        const write = (text: string) => {
          clear();
          if (!json) process.stdout.write(text);
        };
        const told = { status, write, onProgress, signal };
        return askAboutVideo(source, question, { ...options, policy, ...told });
      });
      if (json) console.log(jsonText(answer));
    });
}
