import type { Filler } from '../filler.js';
import { generateSample } from '../generate-sample.js';
import type { SampleTokenizer } from '../prepare-sample.js';
import { taskFamily } from '../task-families.js';
import { type Prompt, toPrompt } from '../to-prompt.js';

/** Families whose haystack is prose. */
const proseFamilies = ['single-document', 'multi-hop', 'key-value', 'classification', 'notes'];

/** A prompt, and the facts behind its first question. */
export interface PlantedPrompt extends Prompt {
  /** The planted facts that answer the first question, in the order they stand in. */
  readonly firstFacts: readonly string[];
}

/**
 * Prose with facts planted at seeded places, and questions about them, alternating between families.
 *
 * @param filler with prose of the split `test`
 * @param options how many prompts, of how many tokens with their questions, and the seed
 * @returns `[count]`, the same for the same seed
 *
 * @example
 * ```ts
 * const prompts = plantedPrompts(mobyDick(), tokenizer, { count: 10, length: 1536, seed: 1 });
 * ```
 */
export function plantedPrompts(
  filler: Filler,
  tokenizer: SampleTokenizer,
  options: { readonly count: number; readonly length: number; readonly seed: number },
): PlantedPrompt[] {
  const { count, length, seed } = options;
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  return Array.from({ length: count }, (_, index) => {
    const family = taskFamily(proseFamilies[index % proseFamilies.length]!);
    const sample = generateSample({
      ...{ family, length, split: 'test', seed, index, filler, countTokens },
    });
    const firstFacts = sample.segments
      .filter((segment) => segment.kind === 'fact' && segment.questions?.includes(0))
      .map(({ text }) => text.trim());
    return { ...toPrompt(sample), firstFacts };
  });
}
