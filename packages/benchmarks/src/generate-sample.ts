import { checkNames, InvalidArgumentError, Random } from '@namm/core';
import { fillTo } from './fill-to.js';
import type { Filler } from './filler.js';
import { scatter, withDistractors } from './scatter.js';
import { splits } from './splits.js';
import type {
  BenchmarkSample,
  CountTokens,
  Segment,
  Split,
  TaskFamily,
  TaskPlan,
  TaskSize,
} from './types.js';

/** What a sample is made from. */
export interface SampleOptions {
  readonly family: TaskFamily;
  /** Target length in tokens, from 64 to 16,384, BOS included. */
  readonly length: number;
  readonly split: Split;
  /** A non-negative safe integer. */
  readonly seed: number;
  /** Number of the sample; every index gives a different one. */
  readonly index: number;
  readonly filler: Filler;
  readonly countTokens: CountTokens;
  /** How much is planted; by default the family's choice for the length. */
  readonly size?: Partial<TaskSize>;
  /** Distractor sentences per 1,000 tokens of length. Default 6. */
  readonly distractorRate?: number;
  /** `first` announces the questions before the context, too. Default `last`. */
  readonly questionPlacement?: 'last' | 'first';
  /** Text before everything else, such as the beginning of a chat template. Default nothing. */
  readonly opening?: string;
}

/**
 * Makes one sample. The same options give the same sample, byte for byte.
 *
 * @throws {InvalidArgumentError} when the length is out of range or too short for the planted text
 * @example
 * ```ts
 * const sample = generateSample({
 *   family: taskFamily('key-value'), length: 512, split: 'test', seed: 1, index: 0, filler, countTokens,
 * });
 * ```
 */
export function generateSample(options: SampleOptions): BenchmarkSample {
  checkNames('generateSample', options, [
    ...(['family', 'length', 'split', 'seed', 'index', 'filler', 'countTokens'] as const),
    ...(['size', 'distractorRate', 'questionPlacement', 'opening'] as const),
  ]);
  const { family, length, split, seed, index, filler, countTokens } = options;
  if (!Number.isInteger(length) || length < 64 || length > 16_384) {
    throw new InvalidArgumentError('length', `${length} is not a whole number from 64 to 16,384`);
  }
  const rate = options.distractorRate ?? 6;
  if (!(rate >= 0 && rate <= 100)) {
    throw new InvalidArgumentError('distractorRate', `${rate} is not from 0 to 100`);
  }
  const random = new Random(seed, splits.indexOf(split), hashOf(`${family.name} ${length}`), index);
  const plan = family.plan(random, checkedSize({ ...family.size(length), ...options.size }));
  const { opening = '' } = options;
  const head: Segment[] = [
    ...(opening === '' ? [] : [{ kind: 'question' as const, text: opening }]),
    ...(options.questionPlacement === 'first' ? announcement(plan) : []),
  ];
  const tail = plan.questions.flatMap((question, number): Segment[] => [
    { kind: 'question', text: question.text, questions: [number] },
    { kind: 'answer', text: question.answer, questions: [number] },
    { kind: 'question', text: question.stop, questions: [number] },
  ]);
  const planted = withDistractors(
    plan,
    Math.floor((rate * length) / 1000 + random.uniform()),
    random,
  );

  const fixed = [...head, ...planted, ...tail];
  const room = length - 1 - fixed.reduce((sum, segment) => sum + countTokens(segment.text), 0);
  if (room < 0) {
    throw new InvalidArgumentError(
      'length',
      `${length} tokens are ${-room} too few for ${planted.length} planted sentences and ${plan.questions.length} questions; ask for fewer`,
    );
  }
  const passage = filler.passage(family.filler, split, random);
  const { pieces, tokens } = fillTo(passage, room, countTokens);
  return {
    id: `${family.name}/${split}/${length}/${seed}/${index}${options.questionPlacement === 'first' ? '/first' : ''}`,
    family: family.name,
    split,
    seed,
    index,
    length,
    tokens: length - room + tokens,
    filler: passage.document,
    segments: [...head, ...scatter(pieces, planted, random), ...tail],
  };
}

function checkedSize(size: TaskSize): TaskSize {
  for (const [name, least] of [
    ['facts', 1],
    ['questions', 1],
    ['stale', 0],
  ] as const) {
    if (!Number.isInteger(size[name]) || size[name] < least) {
      throw new InvalidArgumentError(name, `${size[name]} is not a whole number from ${least} on`);
    }
  }
  return size;
}

/** The questions without their answers, to stand before the context. */
function announcement(plan: TaskPlan): Segment[] {
  return plan.questions.flatMap(({ text }, number): Segment[] =>
    text === '' ? [] : [{ kind: 'question', text: `${text}?`, questions: [number] }],
  );
}

/** FNV-1a, so that every family and length has a random stream of its own. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
