import { Random } from '@namm/core';
import type { VideoTask } from './video-task.js';

/** A question with options about a video file, as published sets have them. */
export interface VideoItem {
  readonly id: string;
  /** Path of the video. */
  readonly file: string;
  /** What is asked for; scores are averaged within a kind first. */
  readonly kind: string;
  /** Seconds, as the set says. */
  readonly duration: number;
  readonly question: string;
  readonly options: readonly string[];
  /** Number of the right one. */
  readonly answer: number;
  /** How to score an answer without a letter: as wrong, or as a random option. */
  readonly unreadable: 'wrong' | 'drawn';
}

/** Items of a set, and those whose video is missing. */
export interface VideoItems {
  readonly items: readonly VideoItem[];
  /** Paths, as the set names them. */
  readonly missing: readonly string[];
}

const letters = 'ABCDEFGH';

/**
 * An item as a task. Its question is followed by its options with letters and by the instruction.
 *
 * @param item of a set
 * @param frames its frames
 * @param instruction text after the options. The sets' own wordings are in their repositories
 */
export function itemTask<Frame>(
  item: VideoItem,
  frames: VideoTask<Frame>['frames'],
  instruction = 'Answer with the letter of the right option alone.',
): VideoTask<Frame> {
  const { id, kind, question, options, answer, unreadable } = item;
  const lines = options.map((option, i) => `${letters[i]}. ${option}`);
  return {
    id,
    frames,
    questions: [
      {
        ...{ kind, isHeldOut: false, maxNewTokens: 16 },
        text: [question, ...lines, instruction].join('\n'),
        score(written) {
          const chosen = readChoice(written, options.length) ?? drawn(id, options.length);
          if (unreadable === 'wrong' && readChoice(written, options.length) === null) return 0;
          return chosen === answer ? 1 : 0;
        },
      },
    ],
  };
}

/**
 * The option that an answer names: the letter before the first closing parenthesis, else the first letter of an option that
 * stands alone.
 *
 * @returns its number, or null when there is none
 */
export function readChoice(answer: string, options: number): number | null {
  const known = letters.slice(0, options);
  const closed = new RegExp(`([${known}])\\)`).exec(answer);
  const alone = new RegExp(`(?<![\\p{L}\\p{N}])([${known}])(?![\\p{L}\\p{N}'’])`, 'u');
  const found = closed ?? alone.exec(answer);
  return found ? letters.indexOf(found[1]!) : null;
}

/** The same for an item in every run. */
function drawn(id: string, options: number): number {
  let seed = 0;
  for (let i = 0; i < id.length; i++) seed = (Math.imul(seed, 31) + id.charCodeAt(i)) >>> 0;
  return new Random(seed).integer(options);
}
