import { checkNames, InvalidArgumentError } from '@namm/core';
import type { CompletionOptions } from '@namm/decoder';
import type { EvictionPolicy, RetentionRecorder } from '@namm/kv-cache';
import type { Shown } from './prompt/prompt-layout.js';
import { checkSampling, type Sampling } from './sources/sample-frames.js';

/** How what is shown is remembered. */
export interface ViewingOptions {
  /** Decides what is forgotten. @defaultValue `full()` */
  readonly policy?: EvictionPolicy;
  /**
   * `compact` closes the gaps that eviction leaves when the model's positions run out, so that a viewing under a budget
   * has no end.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /** Writes down what each head holds after each frame. */
  readonly recorder?: RetentionRecorder;
  /**
   * Frames whose pixels, as the vision tower reads them, differ less than this on average from the last one that it saw
   * share its rows. A tenth is a change that one hardly sees.
   * @defaultValue 0, never
   */
  readonly reuseBelow?: number;
  /** Frames of one video, or images of their own. @defaultValue 'video' */
  readonly shown?: Shown;
}

/** Which frames are shown. */
export interface SourceOptions {
  /** @defaultValue as the model prescribes */
  readonly frames?: Sampling;
  /** Frames that a second of a folder of images has. @defaultValue 1 */
  readonly framesPerSecond?: number;
  /** Is told of frames that cannot be read, and are left out. */
  readonly onProblem?: (problem: { readonly message: string }) => void;
  /** Is told how many of the frames have been read. */
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
