import { runComparison } from '@namm/benchmarks';
import { comparedPolicies, isOwnPolicy, loadOwnPolicy, type NamedPolicy } from '@namm/cli';
import { taughtNameFor } from '@namm/models';
import { beginReading, type ReadingOptions } from './reading.js';

/** Options of {@link compareOnTexts}. */
export interface CompareOnTextsOptions extends ReadingOptions {
  readonly policies: readonly NamedPolicy[];
  /** Of the policies that name none of their own. */
  readonly budgets: readonly string[];
  /** A taught scorer; one of ours for this model if left out. */
  readonly taught?: string | undefined;
  /** Passages, of each a third is predicted; 0 asks questions alone. */
  readonly passages: number;
  /** Of questions; all if left out. */
  readonly families?: readonly string[] | undefined;
  /** Of the prompts. */
  readonly seed: number;
}

/**
 * What policies do to the user's text and model: passages predicted, and questions about facts hidden in the text. The
 * figures are written to `out`, a JSON file.
 *
 * @returns the tables as text
 * @throws what is wrong with the texts, the user's own policies or the model, in this order
 */
export async function compareOnTexts(options: CompareOnTextsOptions): Promise<string> {
  const { policies, budgets, length, prompts, families, seed, onProgress, signal } = options;
  const open = async () => {
    for (const { name, budget } of policies.filter(({ name }) => isOwnPolicy(name))) {
      await loadOwnPolicy(name, { budget: budget ?? budgets[0]! }); // fails before a model is loaded
    }
    return options.open();
  };
  const reading = await beginReading({ ...options, open });
  const { tokenizer, texts } = reading;
  const models = reading.models();
  const { weights } = (await models.of({ kind: 'none' })).cacheShape;
  const checkpoint = options.taught ?? taughtNameFor(weights);
  const compared = await comparedPolicies(policies, budgets, { models, tokenizer, checkpoint });
  const count = options.passages;
  const passages = count > 0 ? reading.passages(count, 1, 16 * length * count) : [];
  return runComparison({
    ...{ models, tokenizer, texts, length, prompts, policies: compared, seed, onProgress, signal },
    ...(families && { families }),
    passages: passages.filter(({ isHeldOut }) => !isHeldOut).map(({ ids }) => ids),
    out: options.out.replace(/\.json$/, ''),
  });
}
