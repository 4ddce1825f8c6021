import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@namm/core';
import { attributeTokens, type TokenRole } from '../attribute-tokens.js';
import type { Filler } from '../filler.js';
import { generateSample } from '../generate-sample.js';
import { type PreparedSample, prepareSample, type SampleTokenizer } from '../prepare-sample.js';
import { toPrompt } from '../to-prompt.js';
import type { BenchmarkSample, Segment, Split, TaskFamily } from '../types.js';
import type { QuestionPlacement } from './table-row.js';

/** A sample of the table, ready for any contender. */
export interface TablePrompt {
  readonly sample: BenchmarkSample;
  readonly prepared: PreparedSample;
  /** Of the tokens of context and tail. */
  readonly roles: readonly TokenRole[];
  /** Digest of the tokens: tells whether a result was measured on this very prompt. */
  readonly digest: string;
}

export interface TablePromptOptions {
  readonly family: TaskFamily;
  readonly length: number;
  readonly split: Split;
  readonly seed: number;
  readonly index: number;
  readonly placement: QuestionPlacement;
  /** Of the policies; where the announcement stands among updates. */
  readonly updateInterval: number;
  readonly filler: Filler;
  readonly tokenizer: SampleTokenizer;
}

/** Makes a sample of the table. The same options give the same prompt. */
export function tablePrompt(options: TablePromptOptions): TablePrompt {
  const { placement, tokenizer, updateInterval, ...rest } = options;
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const isAnnounced = placement === 'seen' || placement === 'unseen';
  const plain = generateSample({
    ...rest,
    countTokens,
    questionPlacement: placement === 'first' ? 'first' : 'last',
  });
  const sample = isAnnounced ? announceAtEnd(plain) : plain;
  const prepared = prepareSample(sample, tokenizer);
  const roles = attributeTokens(sample, countTokens);
  if (!isAnnounced) return { sample, prepared, roles, digest: digestOf(prepared) };
  const announced = announcement(plain).reduce((sum, { text }) => sum + countTokens(text), 0);
  const boundary = prepared.context.length - (placement === 'unseen' ? announced : 0);
  let surplus = boundary % updateInterval;
  const total = prepared.context.length + prepared.tail.length;
  while (total - surplus > rest.length) surplus += updateInterval;
  return dropFiller({ sample, prepared, roles }, surplus);
}

function digestOf({ context, tail }: PreparedSample): string {
  const hash = createHash('sha256');
  for (const ids of [context, tail]) hash.update(new Uint8Array(ids.slice().buffer));
  return hash.digest('hex').slice(0, 16);
}

function announcement(sample: BenchmarkSample): Segment[] {
  return toPrompt(sample).questions.flatMap(({ text }, question) =>
    text === '' ? [] : [{ kind: 'question', text: `${text}?`, questions: [question] }],
  );
}

/** The sample with its questions, without answers, at the end of the context. */
function announceAtEnd(sample: BenchmarkSample): BenchmarkSample {
  const first = sample.segments.findIndex(({ kind }) => kind === 'answer') - 1;
  const segments = [
    ...sample.segments.slice(0, first),
    ...announcement(sample),
    ...sample.segments.slice(first),
  ];
  return { ...sample, segments };
}

/** The prompt without the first tokens of its filler, so that a place of it comes to a multiple of the interval. */
function dropFiller(
  { sample, prepared, roles }: Omit<TablePrompt, 'digest'>,
  count: number,
): TablePrompt {
  const dropped = new Set<number>();
  for (let token = 0; token < prepared.context.length && dropped.size < count; token++) {
    if (roles[token]!.kind === 'filler') dropped.add(token);
  }
  if (dropped.size < count) {
    const problem = `${sample.length} tokens hold less than ${count} of filler, which placing the questions takes`;
    throw new InvalidArgumentError('length', problem);
  }
  const stays = (_: unknown, token: number) => !dropped.has(token);
  const shorter = { ...prepared, context: prepared.context.filter(stays) };
  return { sample, prepared: shorter, roles: roles.filter(stays), digest: digestOf(shorter) };
}
