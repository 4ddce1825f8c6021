import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Command } from '@commander-js/extra-typings';
import type { Viewing } from '@namm/cache-video';
import {
  choosePolicy,
  Interruption,
  interruptSignal,
  positiveNumber,
  StatusLine,
  writeRetention,
} from '@namm/cli';
import { RetentionRecorder } from '@namm/kv-cache';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { describeFigures, figuresOf } from './describe-viewing.js';
import { openVideoModel } from './open-video-model.js';
import { Questions, type TimedQuestion } from './questions.js';

interface Options extends CommonOptions {
  readonly every: number;
}

/** Adds `watch`: a video of any length, and questions at any moment. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description(
      'watch a video of any length in bounded memory, and answer the questions on standard input, line by line: at once, or with @SECONDS before them when the video is there',
    )
    .argument('<source>', 'a video file, a folder of images, an animated GIF or WebP');
  addCommonOptions(command)
    .option('--every <seconds>', 'how often what is held is printed', positiveNumber, 10)
    .action(watch);
}

async function watch(source: string, options: Options): Promise<void> {
  const signal = interruptSignal();
  const policy = await choosePolicy(options);
  const model = await openVideoModel(options, policy, signal);
  const status = new StatusLine();
  const recorder = options.retention === undefined ? null : new RetentionRecorder();
  const viewing = model.begin({
    ...{ policy, reuseBelow: options.reuseBelow, ...(recorder && { recorder }) },
    positions: 'compact',
  });
  const questions = new Questions(process.stdin);
  const answer = (question: TimedQuestion, time: number) =>
    printAnswer(viewing, question, time, options, status, signal);
  const { rate, framesPerSecond } = options;
  const frames = rate === undefined ? {} : { frames: { kind: 'rate', perSecond: rate } as const };
  const onProblem = ({ message }: { readonly message: string }) => status.finish(message);
  let last = 0;
  let told = Number.NEGATIVE_INFINITY;
  let isInterrupted = false;
  try {
    const watching = viewing.watch(source, { ...frames, framesPerSecond, signal, onProblem });
    for await (const { timestamp } of watching) {
      last = timestamp;
      const line = `${timestamp.toFixed(1)} s: ${describeFigures(policy.name, figuresOf(viewing))}`;
      if (timestamp - told >= options.every) {
        told = timestamp;
        status.finish(line);
      } else {
        status.show(line);
      }
      await setImmediate(); // lets questions in, which computing keeps out
      for (let due = questions.due(timestamp); due; due = questions.due(timestamp)) {
        await answer(due, timestamp);
      }
    }
    status.finish(`${last.toFixed(1)} s: the video is over; questions until the end of the input`);
    for (let next = await questions.next(); next; next = await questions.next()) {
      await answer(next, last);
    }
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    isInterrupted = true;
  } finally {
    process.stdin.destroy();
    status.clear();
  }
  status.finish(describeFigures(policy.name, figuresOf(viewing)));
  if (options.retention !== undefined && viewing.memory().frames > 0) {
    const notes = { source: basename(source), model: basename(options.model) };
    await writeRetention(options.retention, viewing.record(notes)!, viewing.pictures());
    status.finish(`what each head kept is in ${options.retention}`);
  }
  await viewing.release();
  await model.release();
  if (isInterrupted) throw new Interruption();
}

async function printAnswer(
  viewing: Viewing,
  { text }: TimedQuestion,
  time: number,
  { maxTokens: maxNewTokens, seed }: Options,
  status: StatusLine,
  signal: AbortSignal,
): Promise<void> {
  status.clear();
  process.stdout.write(`[${time.toFixed(1)} s] ${text}\n`);
  for await (const piece of viewing.ask(text, { maxNewTokens, seed, signal })) {
    process.stdout.write(piece);
  }
  process.stdout.write('\n');
}
