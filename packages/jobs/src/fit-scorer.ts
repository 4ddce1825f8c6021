import { basename } from 'node:path';
import { practise, runComparison } from '@namm/benchmarks';
import type { ownPolicies } from '@namm/cli';
import type { ProgressListener } from '@namm/core';
import { createPolicy, type EvictionPolicy, taughtPolicy } from '@namm/kv-cache';
import { repeatPrompt, type TaughtScorer, teachScorer, writeTaught } from '@namm/teach';
import { beginReading, type ReadingOptions } from './reading.js';

/** Options of {@link fitScorer}. */
export interface FitScorerOptions extends ReadingOptions {
  /** Passages to fit to. */
  readonly passages: number;
  readonly heldOut: number;
  /** Whether facts are hidden in the texts and asked for: see `practise`. They are in English. */
  readonly questions: boolean;
}

/** A scorer that has been written. */
export interface FittedScorer {
  readonly quality: TaughtScorer['quality'];
  /**
   * Compares it with classic policies on what was held out, at {@link triedBudgets}.
   *
   * @param own policies of the user's own that are tried too
   * @returns the tables as text
   */
  compare(
    own: Awaited<ReturnType<typeof ownPolicies>>,
    onProgress: ProgressListener,
  ): Promise<string>;
}

/** Budgets at which a fitted scorer is compared. */
export const triedBudgets: readonly string[] = ['25%', '10%'];

/**
 * Teaches a scorer of cached tokens on the user's model and texts, and writes it to `out`. A run that was stopped goes on
 * where it was, in the folder `OUT.run`.
 *
 * @throws what is wrong with the texts or the model, before anything is computed
 * @throws the signal's reason when it is aborted
 */
export async function fitScorer(options: FitScorerOptions): Promise<FittedScorer> {
  const { length, prompts, heldOut, out, questions, onProgress, signal } = options;
  const { folder, tokenizer, texts, ...reading } = await beginReading(options);
  const characters = 8 * length * (options.passages + heldOut);
  const passages = reading.passages(options.passages, heldOut, characters);
  const model = await reading.load({ kind: 'columnMaxima' });
  const prompt = reading.encode(repeatPrompt);
  const scorer = await teachScorer({
    ...{ model, prompt, folder: `${out}.run`, onProgress, signal },
    passages: questions ? practise(passages, { tokenizer, seed: 1 }) : passages,
  });
  await model.release();
  const { quality } = scorer;
  const made = { texts: texts.length, length, questions };
  const provenance = { model: basename(folder), ...made, ...quality };
  await writeTaught(out, { ...scorer, provenance });
  const at = (budget: string, name: string, policy: EvictionPolicy) => ({ name, budget, policy });
  return {
    quality,
    compare: (own, told) =>
      runComparison({
        ...{ models: reading.models(), tokenizer, texts, length, prompts, seed: 1 },
        policies: triedBudgets.flatMap((budget) => [
          at(budget, 'taught', taughtPolicy(scorer.map, { budget })),
          ...['random', 'sink-recent', 'keydiff', 'h2o', 'snapkv'].map((name) =>
            at(budget, name, createPolicy(name, { budget, seed: 1 })),
          ),
          ...own.filter((each) => each.budget === budget),
        ]),
        passages: passages.filter(({ isHeldOut }) => isHeldOut).map(({ ids }) => ids),
        out: out.replace(/\.safetensors$/, ''),
        ...{ onProgress: told, signal },
      }),
  };
}
