import {
  type Filler,
  generateSample,
  type PreparedSample,
  prepareSample,
  type SampleTokenizer,
  type Split,
  taskFamily,
} from '@namm/benchmarks';

/** Makes the prompt of a number; the same number gives the same prompt. */
export type PromptSource = (request: {
  readonly task: string;
  readonly split: Split;
  /** In tokens. */
  readonly length: number;
  readonly seed: number;
  readonly index: number;
}) => PreparedSample;

/**
 * Prompts of the task families of `@namm/benchmarks`.
 *
 * @param filler text for the splits that are asked for: `train` and `development`
 * @param tokenizer the model's
 */
export function samplePrompts(filler: Filler, tokenizer: SampleTokenizer): PromptSource {
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  return ({ task, ...place }) => {
    const sample = generateSample({ family: taskFamily(task), ...place, filler, countTokens });
    return prepareSample(sample, tokenizer);
  };
}
