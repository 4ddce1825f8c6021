import { checkInteger, checkNames, type ProgressListener } from '@namm/core';
import { full, type ProtectedSpan } from '@namm/kv-cache';
import type { ComparedPolicy } from '../compare/compare-policies.js';
import type { LineStore } from '../compare/line-store.js';
import type { AnsweringModel } from '../score-samples.js';
import type { SpokenAnswers } from '../spoken/answer-spoken.js';
import { PromptReader, resultKey } from '../spoken/prompt-reader.js';
import type { SpokenResult } from '../spoken/spoken-result.js';
import {
  type InstructionPrompt,
  type InstructionPromptOptions,
  instructionPrompt,
} from './instruction-prompt.js';

/** A policy, and the tokens of a prompt that it must not drop. */
export interface InstructionContender extends Pick<ComparedPolicy, 'name' | 'budget'> {
  /** For a prompt of so many tokens. */
  policy(length: number): Promise<ComparedPolicy['policy']> | ComparedPolicy['policy'];
  /** @defaultValue nothing */
  readonly spans?: (prompt: InstructionPrompt) => readonly ProtectedSpan[];
}

/** Options of {@link followInstructions}. */
export interface FollowInstructionsOptions extends Omit<InstructionPromptOptions, 'index'> {
  readonly model: AnsweringModel;
  readonly contenders: readonly InstructionContender[];
  readonly prompts: number;
  readonly store: LineStore<SpokenResult>;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** How often the full cache follows a kind of instruction. */
export interface KindRow {
  readonly kind: string;
  readonly followed: number;
  readonly of: number;
}

/**
 * Lets a model read prompts with several instructions under each policy and then tests each instruction, with every
 * request sent to a fork of the cache. Requests are not known while the prompt is read. All contenders take turns
 * prompt by prompt; a stopped run resumes from its store.
 *
 * @returns for `summariseSpoken`: first the full cache, then the contenders in their order; and the full cache by kind
 * @throws {InvalidArgumentError} for more instructions than there are kinds
 * @throws the signal's reason when it is aborted; what was done until then is in the store
 */
export async function followInstructions(
  options: FollowInstructionsOptions,
): Promise<{ readonly answers: readonly SpokenAnswers[]; readonly kinds: readonly KindRow[] }> {
  checkNames('followInstructions', options, [
    ...(['tokenizer', 'frame', 'instructions', 'length', 'filler', 'seed', 'model'] as const),
    ...(['contenders', 'prompts', 'store', 'onProgress', 'signal'] as const),
  ]);
  const { model, contenders, prompts, store, onProgress, signal, ...rest } = options;
  checkInteger('prompts', prompts, 1);
  const all: readonly InstructionContender[] = [
    { name: 'full', budget: '100%', policy: () => full() },
    ...contenders,
  ];
  const results = all.map((): SpokenResult[] => []);
  const kinds = new Map<string, { followed: number; of: number }>();
  const empty = await model.createCache();
  const weights = empty.shape.model;
  await empty.release();
  for (let index = 0; index < prompts; index++) {
    const prompt = instructionPrompt({ ...rest, index });
    const { requests, instructions } = prompt;
    const reader = new PromptReader(model, requests, signal);
    try {
      for (const [i, { name, budget, policy, spans = () => [] }] of all.entries()) {
        const own = spans(prompt);
        const each = { name, budget, policy: await policy(requests[0]!.context.length) };
        const key = resultKey(weights, each, requests, own);
        results[i]!.push(await store.get(key, () => reader.ask(each, own)));
      }
    } finally {
      await reader.release();
    }
    for (const [i, { kind }] of instructions.entries()) {
      const row = kinds.get(kind) ?? { followed: 0, of: 0 };
      kinds.set(kind, row);
      row.followed += results[0]!.at(-1)!.questions[i]!;
      row.of++;
    }
    onProgress?.({ stage: 'prompts', done: index + 1, total: prompts });
  }
  return {
    answers: all.map(({ name, budget }, i) => ({ name, budget, prompts: results[i]! })),
    kinds: [...kinds].map(([kind, row]) => ({ kind, ...row })),
  };
}
