import { bootstrapInterval } from '@namm/statistics';
import type { AskedPrompt } from './ask-prompt.js';

/** What became of some prompts under one policy. */
export interface AnswerTally {
  readonly policy: string;
  /** Prompts that were read. */
  readonly passages: number;
  readonly right: number;
  readonly questions: number;
  /** 95 % bootstrap interval of the share of right answers, over prompts. */
  readonly interval: readonly [number, number];
  /** Tokens kept per head when the questions are asked, mean over layers, heads and prompts. */
  readonly kept: number;
  /** Tokens read before the questions, mean over prompts. */
  readonly seen: number;
  /** Keys, values, positions and policy state when the questions are asked, mean over prompts. */
  readonly bytes: number;
  readonly tokensPerSecond: number;
}

/**
 * Sums up the results on some prompts under one policy.
 *
 * @param policy its name
 * @param asked results, at least one
 *
 * @example
 * ```ts
 * const { right, questions } = tallyAnswers('namm', asked);
 * ```
 */
export function tallyAnswers(policy: string, asked: readonly AskedPrompt[]): AnswerTally {
  const sum = (of: (one: AskedPrompt) => number) =>
    asked.reduce((total, one) => total + of(one), 0);
  const mean = (of: (one: AskedPrompt) => number) => sum(of) / asked.length;
  const shares = asked.map(({ right, answers }) => right / answers.length);
  const { lower, upper } = bootstrapInterval(shares, { seed: 0 });
  return {
    policy,
    passages: asked.length,
    right: sum(({ right }) => right),
    questions: sum(({ answers }) => answers.length),
    interval: [lower, upper],
    kept: mean(({ memory }) => memory.rows / memory.keptPerHead.flat().length),
    seen: mean(({ memory }) => memory.seen),
    bytes: mean(({ memory: { bytes } }) => bytes.used + bytes.positions + bytes.policy),
    tokensPerSecond: sum(({ tokens }) => tokens) / sum(({ seconds }) => seconds),
  };
}
