import { checkNames, type ProgressListener } from '@namm/core';
import {
  type EvictionPolicy,
  groupByProbe,
  type Probe,
  type SequenceCache,
  type SequenceModel,
} from '@namm/kv-cache';
import type { SampleTokenizer } from '../prepare-sample.js';
import type { Prompt } from '../to-prompt.js';
import { type AskedPrompt, askPrompt, type Complete } from './ask-prompt.js';
import { type AnswerTally, tallyAnswers } from './tally-answers.js';

/** Options of {@link askPolicies}. */
export interface AskPoliciesOptions<
  Cache extends SequenceCache<Cache>,
  Model extends Pick<SequenceModel<Cache, EvictionPolicy>, 'createCache' | 'step' | 'release'>,
> {
  readonly prompts: readonly Prompt[];
  /** Each with a name of its own. */
  readonly policies: readonly EvictionPolicy[];
  readonly tokenizer: SampleTokenizer;
  /** Opens the model with a probe. */
  readonly load: (probe: Probe) => Promise<Model>;
  /** How the model completes a text. */
  readonly complete: (model: Model) => Complete<Cache>;
  /** Stages are the policies. */
  readonly onProgress?: ProgressListener;
  /** Called for each finished policy, and for an interrupted one that has read something. */
  readonly onTally?: (tally: AnswerTally, asked: readonly AskedPrompt[]) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the same prompts under several policies, and counts right answers.
 *
 * @returns per policy, in the order of asking: policies that share a probe share a model
 * @throws the signal's reason when it is aborted, and whatever a model or policy throws
 *
 * @example
 * ```ts
 * const tallies = await askPolicies({
 *   ...{ prompts, policies, tokenizer },
 *   load: (probe) => Decoder.load(folder, { probe }),
 *   complete: (decoder) => (cache, text, stop) =>
 *     completeText(decoder, tokenizer, cache, text, { maxNewTokens: 40, stop, addSpecialTokens: false }),
 * });
 * ```
 */
export async function askPolicies<
  Cache extends SequenceCache<Cache>,
  Model extends Pick<SequenceModel<Cache, EvictionPolicy>, 'createCache' | 'step' | 'release'>,
>(options: AskPoliciesOptions<Cache, Model>): Promise<AnswerTally[]> {
  const { prompts, policies, tokenizer, load, complete, onProgress, onTally, signal } = checkNames(
    'askPolicies',
    options,
    [
      ...(['prompts', 'policies', 'tokenizer', 'load', 'complete'] as const),
      ...(['onProgress', 'onTally', 'signal'] as const),
    ],
  );
  const tallies: AnswerTally[] = [];
  for (const group of groupByProbe(policies)) {
    const model = await load(group[0]!.probe);
    try {
      for (const policy of group) {
        const asked: AskedPrompt[] = [];
        const how = { policy, tokenizer, complete: complete(model), ...(signal && { signal }) };
        try {
          for (const [done, prompt] of prompts.entries()) {
            onProgress?.({ stage: policy.name, done, total: prompts.length });
            asked.push(await askPrompt(model, prompt, how));
          }
        } finally {
          if (asked.length > 0) {
            const tally = tallyAnswers(policy.name, asked);
            tallies.push(tally);
            onTally?.(tally, asked);
          }
        }
      }
    } finally {
      await model.release();
    }
  }
  return tallies;
}
