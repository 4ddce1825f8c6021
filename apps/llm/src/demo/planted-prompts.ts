import {
  type BenchmarkSample,
  generateSample,
  type Prompt,
  taskFamily,
  toPrompt,
} from '@namm/benchmarks';
import type { Tokenizer } from '@namm/decoder';
import { mobyDick } from './moby-dick.js';

/** Families whose haystack is prose. */
const proseFamilies = ['single-document', 'multi-hop', 'key-value', 'classification', 'notes'];

export interface PlantedPrompt extends Prompt {
  readonly sample: BenchmarkSample;
}

/** Chapters of Moby-Dick with facts planted at seeded places, and questions about them. */
export function plantedPrompts(
  tokenizer: Tokenizer,
  options: { readonly count: number; readonly length: number; readonly seed: number },
): PlantedPrompt[] {
  const filler = mobyDick();
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  return Array.from({ length: options.count }, (_, index) => {
    const family = taskFamily(proseFamilies[index % proseFamilies.length]!);
    const { length, seed } = options;
    const sample = generateSample({
      family,
      length,
      split: 'test',
      seed,
      index,
      filler,
      countTokens,
    });
    return { ...toPrompt(sample), sample };
  });
}
