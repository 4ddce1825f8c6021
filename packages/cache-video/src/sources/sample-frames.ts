import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { VideoFacts } from './frame-source.js';

/**
 * Which frames of a video to show.
 *
 * - `uniform`: a number of frames at equal distances, including the first and the last, as in the LLaVA family.
 * - `rate`: a number of frames per second at equal distances, but at most `most` if given; for a long video the first
 *   and the last second are then left out, as in SmolVLM.
 * - `all`: every frame.
 */
export type Sampling =
  | { readonly kind: 'uniform'; readonly count: number }
  | { readonly kind: 'rate'; readonly perSecond: number; readonly most?: number }
  | { readonly kind: 'all' };

/**
 * Checks a sampling.
 *
 * @throws {InvalidArgumentError} when it is none
 */
export function checkSampling(sampling: Sampling): Sampling {
  if (sampling?.kind === 'uniform') {
    checkInteger('frames.count', checkNames('frames', sampling, ['kind', 'count']).count, 1);
  } else if (sampling?.kind === 'rate') {
    checkNames('frames', sampling, ['kind', 'perSecond', 'most']);
    if (sampling.most !== undefined) checkInteger('frames.most', sampling.most, 1);
    if (!(sampling.perSecond > 0 && Number.isFinite(sampling.perSecond))) {
      const problem = `${sampling.perSecond} is not a number above 0`;
      throw new InvalidArgumentError('frames.perSecond', problem);
    }
  } else if (sampling?.kind === 'all') {
    checkNames('frames', sampling, ['kind']);
  } else {
    throw new InvalidArgumentError('frames', 'its kind is none of uniform, rate, all');
  }
  return sampling;
}

/**
 * Numbers of the frames to show, ascending.
 *
 * @param facts of the video
 * @param sampling which to show
 * @throws {InvalidArgumentError} for an invalid sampling or an unknown field
 */
export function sampleFrames({ timestamps, duration }: VideoFacts, sampling: Sampling): number[] {
  checkSampling(sampling);
  const last = timestamps.length - 1;
  if (sampling.kind === 'all') return timestamps.map((_, index) => index);
  if (sampling.kind === 'uniform') return spread(0, last, sampling.count, Math.round);
  const { perSecond, most = Number.POSITIVE_INFINITY } = sampling;
  const count = Math.max(1, Math.min(roundHalfEven(perSecond * duration), most));
  let [from, to] = [0, last];
  if (duration - 2 > most * perSecond) {
    const rate = timestamps.length / duration;
    [from, to] = [Math.floor(rate), Math.min(Math.floor(timestamps.length - rate), last)];
    if (from >= to) [from, to] = [0, last];
  }
  return spread(from, to, count, Math.floor);
}

/** Whole numbers at equal distances, each once; the last is exact, as NumPy's `linspace` has it. */
function spread(from: number, to: number, count: number, round: (x: number) => number): number[] {
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  const numbers = Array.from({ length: count }, (_, i) =>
    i > 0 && i === count - 1 ? to : round(from + i * step),
  );
  return [...new Set(numbers)];
}

/** As Python rounds. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
