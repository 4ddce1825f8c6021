import type { PreparedSample } from '@namm/benchmarks';
import type { PromptSource } from './prompt-source.js';
import type { TextStage } from './text-evolution-settings.js';

/** Prompts of a stage: `count` of each task, from number `from` on. */
export function promptsOf(
  source: PromptSource,
  { tasks, length }: TextStage,
  split: 'train' | 'development',
  { seed, from, count }: { readonly seed: number; readonly from: number; readonly count: number },
): PreparedSample[] {
  return tasks.flatMap((task) =>
    Array.from({ length: count }, (_, i) => source({ task, split, length, seed, index: from + i })),
  );
}
