import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Viewing } from '@namm/cache-video';
import { Interruption } from '@namm/cli';
import { RetentionRecorder } from '@namm/kv-cache';
import { type LookOptions, loadForLooking, recordLook } from './look.js';
import { Questions, type TimedQuestion } from './questions.js';
import { describeFigures, figuresOf } from './viewing-figures.js';

/** Options of {@link watchVideo}. */
export interface WatchVideoOptions extends LookOptions {
  /** Where {@link Questions} come from; it is closed in the end. */
  readonly input: Readable;
  /** Seconds of the video after which it is said again what is held. */
  readonly every: number;
}

/**
 * Watches a video of any length in bounded memory, and answers the questions that come in meanwhile and after its end.
 *
 * @throws {Interruption} when it is interrupted, after what was done until then has been said and recorded
 */
export async function watchVideo(source: string, options: WatchVideoOptions): Promise<void> {
  const { policy, reuseBelow, rate, framesPerSecond, every, status, signal } = options;
  const model = await loadForLooking(options);
  const recorder = options.retention === undefined ? null : new RetentionRecorder();
  const viewing = model.begin({
    ...{ policy, reuseBelow, ...(recorder && { recorder }), positions: 'compact' },
  });
  const describe = () => describeFigures(policy.name, figuresOf(viewing));
  const questions = new Questions(options.input);
  const frames = rate === undefined ? {} : { frames: { kind: 'rate', perSecond: rate } as const };
  const onProblem = ({ message }: { readonly message: string }) => status.finish(message);
  let last = 0;
  let told = Number.NEGATIVE_INFINITY;
  let interruption: Interruption | null = null;
  try {
    const watching = viewing.watch(source, { ...frames, framesPerSecond, signal, onProblem });
    for await (const { timestamp } of watching) {
      last = timestamp;
      const line = `${timestamp.toFixed(1)} s: ${describe()}`;
      const isDue = timestamp - told >= every;
      if (isDue) told = timestamp;
      if (isDue) status.finish(line);
      else status.show(line);
      await setImmediate(); // lets questions in, which computing keeps out
      for (let due = questions.due(timestamp); due; due = questions.due(timestamp)) {
        await answer(viewing, due, timestamp, options);
      }
    }
    status.finish(`${last.toFixed(1)} s: the video is over; questions until the end of the input`);
    for (let next = await questions.next(); next; next = await questions.next()) {
      await answer(viewing, next, last, options);
    }
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    interruption = error;
  } finally {
    options.input.destroy();
    status.clear();
  }
  status.finish(describe());
  await recordLook(viewing, source, options);
  await viewing.release();
  await model.release();
  if (interruption !== null) throw interruption;
}

async function answer(
  viewing: Viewing,
  { text }: TimedQuestion,
  time: number,
  { maxTokens, seed, status, write, signal }: WatchVideoOptions,
): Promise<void> {
  status.clear();
  write(`[${time.toFixed(1)} s] ${text}\n`);
  for await (const piece of viewing.ask(text, { maxNewTokens: maxTokens, seed, signal })) {
    write(piece);
  }
  write('\n');
}
