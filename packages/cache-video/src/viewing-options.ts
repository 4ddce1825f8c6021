import { checkNames, InvalidArgumentError } from '@namm/core';
import type { CompletionOptions } from '@namm/decoder';
import type { EvictionPolicy, RetentionRecorder } from '@namm/kv-cache';
import type { Shown } from './prompt/prompt-layout.js';
import { checkSampling, type Sampling } from './sources/sample-frames.js';

/** How a viewing remembers what it is shown. */
export interface ViewingOptions {
  /** Decides what is forgotten. @defaultValue `full()` */
  readonly policy?: EvictionPolicy;
  /**
   * `compact` closes the gaps that eviction leaves when the model's positions run out, so that a viewing under a budget
   * can go on forever.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /** Records what each head holds after each frame. */
  readonly recorder?: RetentionRecorder;
  /**
   * A frame shares the rows of the last encoded frame if their pixels, as the vision tower reads them, differ by less
   * than this on average. A difference of a tenth is hardly visible.
   * @defaultValue 0, never
   */
  readonly reuseBelow?: number;
  /** Frames of one video, or still images. @defaultValue 'video' */
  readonly shown?: Shown;
}

/** Which frames to show. */
export interface SourceOptions {
  /** @defaultValue as the model prescribes */
  readonly frames?: Sampling;
  /** Frame rate of a folder of images. @defaultValue 1 */
  readonly framesPerSecond?: number;
  /** Called for frames that cannot be read, which are left out. */
  readonly onProblem?: (problem: { readonly message: string }) => void;
  /** Called with the number of frames read so far. */
  readonly onFrame?: (done: number, total: number | null) => void;
  /** Stops with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How an answer is written. */
export type AnswerOptions = Omit<CompletionOptions, 'addSpecialTokens' | 'maxNewTokens'> & {
  /** Most tokens to write. @defaultValue 256 */
  readonly maxNewTokens?: number;
};

export const viewingNames = [
  'policy',
  'positions',
  'recorder',
  'reuseBelow',
  'shown',
] as const satisfies readonly (keyof ViewingOptions)[];

export const sourceNames = [
  'frames',
  'framesPerSecond',
  'onProblem',
  'onFrame',
  'signal',
] as const satisfies readonly (keyof SourceOptions)[];

export const answerNames = [
  ...(['maxNewTokens', 'stop', 'sampling', 'seed'] as const),
  ...(['onToken', 'onProgress', 'signal'] as const),
] satisfies readonly (keyof AnswerOptions)[];

/** @throws {InvalidArgumentError} naming the option at fault */
export function checkViewingOptions(options: ViewingOptions): ViewingOptions {
  const { reuseBelow = 0, shown = 'video' } = checkNames('begin', options, viewingNames);
  if (!(reuseBelow >= 0 && Number.isFinite(reuseBelow))) {
    throw new InvalidArgumentError('reuseBelow', `${reuseBelow} is not a number from 0 on`);
  }
  if (shown !== 'video' && shown !== 'images') {
    throw new InvalidArgumentError('shown', `'${shown}' is neither video nor images`);
  }
  return options;
}

/** @throws {InvalidArgumentError} naming the option at fault */
export function checkSourceOptions(name: string, options: SourceOptions): SourceOptions {
  checkNames(name, options, sourceNames);
  if (options.frames !== undefined) checkSampling(options.frames);
  return options;
}

/** The part of some options that has these names, without those that are undefined. */
export function pick<Options extends object, Name extends keyof Options>(
  options: Options,
  names: readonly Name[],
): Pick<Options, Name> {
  const entries = names.filter((name) => options[name] !== undefined);
  return Object.fromEntries(entries.map((name) => [name, options[name]])) as Pick<Options, Name>;
}
