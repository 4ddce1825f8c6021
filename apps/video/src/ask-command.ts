import { basename } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import type { Sampling, ViewOptions } from '@namm/cache-video';
import {
  choosePolicy,
  count,
  interruptSignal,
  ProgressLine,
  StatusLine,
  writeRetention,
} from '@namm/cli';
import { InvalidArgumentError } from '@namm/core';
import { RetentionRecorder } from '@namm/kv-cache';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { describeFigures, figuresOf } from './describe-viewing.js';
import { openVideoModel } from './open-video-model.js';

interface Options extends CommonOptions {
  readonly frames?: number;
  readonly most?: number;
  readonly compact?: boolean;
  readonly json?: boolean;
}

/** Adds `ask`: one question about a video or about images. */
export function addAskCommand(program: Command): void {
  const command = program
    .command('ask')
    .description('answer a question about a video, a folder of frames, an animation, or an image')
    .argument('<source>', 'a video file, a folder of images, an animated GIF or WebP, an image')
    .argument('<question>', 'in the language of the model');
  addCommonOptions(command)
    .option('--frames <count>', 'frames shown, at equal distances (as the model prescribes)', count)
    .option('--most <count>', 'most frames shown, with --rate', count)
    .option('--compact', 'positions that close up over forgotten tokens, for any length')
    .option('--json', 'print one object of JSON')
    .action(ask);
}

async function ask(source: string, question: string, options: Options): Promise<void> {
  const signal = interruptSignal();
  const frames = samplingOf(options);
  const policy = await choosePolicy(options);
  const model = await openVideoModel(options, policy, signal);
  const status = new StatusLine();
  const progress = new ProgressLine('frames');
  const start = performance.now();
  status.show(`looking through ${source}`);
  const view: ViewOptions = {
    ...{ policy, signal, ...(frames && { frames }), reuseBelow: options.reuseBelow },
    framesPerSecond: options.framesPerSecond,
    positions: options.compact ? 'compact' : 'absolute',
    ...(options.retention !== undefined && { recorder: new RetentionRecorder({ scores: 'last' }) }),
    onProblem: ({ message }) => status.finish(message),
    onFrame: (done, total) => {
      if (total !== null) progress.update({ done, total });
      else status.show(`${done} frames`);
    },
  };
  try {
    const viewing = await model.view(source, view);
    progress.clear();
    status.clear();
    const looking = (performance.now() - start) / 1000;
    const { maxTokens: maxNewTokens, seed } = options;
    let text = '';
    for await (const piece of viewing.ask(question, { maxNewTokens, seed, signal })) {
      text += piece;
      if (!options.json) process.stdout.write(piece);
    }
    const figures = figuresOf(viewing);
    const seconds = { looking, all: (performance.now() - start) / 1000 };
    if (options.json) {
      console.log(JSON.stringify({ policy: policy.name, text, ...figures, seconds }, null, 2));
    } else {
      process.stdout.write('\n');
    }
    status.finish(`${describeFigures(policy.name, figures)}, ${looking.toFixed(1)} s of looking`);
    if (options.retention !== undefined) {
      const notes = { source: basename(source), model: basename(options.model) };
      await writeRetention(options.retention, viewing.record(notes)!, viewing.pictures());
      status.finish(`what each head kept is in ${options.retention}`);
    }
    await viewing.release();
  } finally {
    progress.clear();
    await model.release();
  }
}

/** Which frames the options want; undefined for those that the model prescribes. */
function samplingOf({ frames, rate, most }: Options): Sampling | undefined {
  if (frames !== undefined) {
    if (rate !== undefined) throw new InvalidArgumentError('--frames', 'does not go with --rate');
    if (most !== undefined) throw new InvalidArgumentError('--most', 'goes with --rate alone');
    return { kind: 'uniform', count: frames };
  }
  if (rate !== undefined) return { kind: 'rate', perSecond: rate, ...(most && { most }) };
  if (most !== undefined) throw new InvalidArgumentError('--most', 'goes with --rate alone');
  return undefined;
}
