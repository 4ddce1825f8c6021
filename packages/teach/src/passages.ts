import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@namm/core';

/** Text that a scorer is fitted to or tested on. */
export interface TeachingPassage {
  /** Token ids. */
  readonly ids: Int32Array;
  /**
   * Token ids of questions about the text, each followed by its answer, in the form in which the model is asked. The
   * scorer then learns what they attend to.
   * @defaultValue none; it then learns what the model attends to when it repeats the text, and what the text itself
   *   looks back at
   */
  readonly asked?: Int32Array;
  /** Whether it is held out from the fit, to choose the strength of the ridge and to measure the quality of the fit. */
  readonly isHeldOut: boolean;
}

/** How {@link cutPassages} cuts. */
export interface PassageOptions {
  /** Tokens of a passage. */
  readonly length: number;
  /** Maximum number of passages to fit to. */
  readonly count: number;
  /** Maximum number of held-out passages. */
  readonly heldOut: number;
}

/** Runs of so many tokens tell whether text says the same again; nearly all are new in prose. */
const runLength = 8;
/** The shortest passages that are proposed. */
const leastLength = 64;
/** Text of which less is new is refused. */
const leastNew = 0.5;

/**
 * Cuts texts into evenly spaced passages. With several texts the last ones are held out; with a single text, its end.
 *
 * @param texts token ids of each text
 * @returns passages to fit to, alternating with held-out ones
 * @throws {InvalidArgumentError} when the text is too short for one passage of each kind, or too repetitive
 * @example
 * ```ts
 * const texts = files.map((text) => tokenizer.encode(text));
 * const passages = cutPassages(texts, { length: 1536, count: 10, heldOut: 2 });
 * ```
 */
export function cutPassages(
  texts: readonly ArrayLike<number>[],
  { length, count, heldOut }: PassageOptions,
): TeachingPassage[] {
  const whole = texts.flatMap((text) => {
    const ids = Int32Array.from(text);
    return Array.from({ length: Math.floor(ids.length / length) }, (_, i) =>
      ids.subarray(i * length, (i + 1) * length),
    );
  });
  const tokens = texts.reduce((sum, text) => sum + text.length, 0);
  if (whole.length < 2) {
    const problem = `${tokens} tokens hold no two passages of ${length}; give more text`;
    const longest = longestFor(texts);
    const advice = longest >= leastLength ? `, or set \`length\` to ${longest}` : '';
    throw new InvalidArgumentError('texts', problem + advice, { details: { longest } });
  }
  const held = Math.max(1, Math.min(heldOut, Math.floor(whole.length / 4)));
  const border = Math.min(whole.length - 1, Math.max(1, Math.floor(0.8 * whole.length)));
  const fitted = spread(whole.slice(0, border), count);
  const tried = spread(whole.slice(border), held);
  const different = new Set([...fitted, ...tried].map(digestOf));
  if (different.size < fitted.length + tried.length || newShare([...fitted, ...tried]) < leastNew) {
    const problem = 'the same text comes again and again, so nothing is held out';
    throw new InvalidArgumentError('texts', `${problem}; give text without copies`);
  }
  const every = Math.max(1, Math.floor(fitted.length / tried.length));
  return fitted.flatMap((ids, i): TeachingPassage[] => {
    const isTurn = (i + 1) % every === 0 && tried.length > 0;
    const isLast = i === fitted.length - 1;
    const out = isLast ? tried.splice(0) : isTurn ? tried.splice(0, 1) : [];
    return [
      { ids, isHeldOut: false },
      ...out.map((held): TeachingPassage => ({ ids: held, isHeldOut: true })),
    ];
  });
}

/** Tokens of the longest two passages that the texts hold. */
function longestFor(texts: readonly ArrayLike<number>[]): number {
  const [first = 0, second = 0] = texts.map(({ length }) => length).sort((a, b) => b - a);
  return Math.max(second, Math.floor(first / 2));
}

/** So many of some, evenly. */
function spread<T>(all: readonly T[], count: number): T[] {
  const taken = Math.min(count, all.length);
  return Array.from(
    { length: taken },
    (_, i) => all[Math.floor(((i + 0.5) * all.length) / taken)]!,
  );
}

/** Of all runs of tokens, how many are not there before. */
function newShare(passages: readonly Int32Array[]): number {
  let runs = 0;
  const different = new Set<string>();
  for (const ids of passages) {
    for (let start = 0; start + runLength <= ids.length; start++) {
      runs++;
      different.add(ids.subarray(start, start + runLength).join());
    }
  }
  return runs > 0 ? different.size / runs : 1;
}

function digestOf(ids: Int32Array): string {
  const bytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
