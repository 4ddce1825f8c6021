import { join } from 'node:path';
import { documentFiller, type FillerDocument } from '@namm/benchmarks';
import { loadTokenizer } from '@namm/decoder';
import type { TextEvolutionSettings } from '../src/index.js';
import { type PromptSource, samplePrompts, trainableSettings } from '../src/index.js';

/** The bundled model. */
export const folder = join(import.meta.dirname, '..', '..', 'models', 'nano-llama');

const prose = Array.from(
  { length: 300 },
  (_, i) => `It was the ${i}th evening, and the traveller went on. "Quiet!" he said; nobody spoke.`,
).join('\n\n');
const code = Array.from({ length: 300 }, (_, i) => `def step_${i}():\n    return ${i}\n`).join(
  '\n',
);

export const texts: readonly FillerDocument[] = (['train', 'development'] as const).flatMap(
  (split) => [
    { name: `${split}-prose`, kind: 'prose' as const, split, text: prose },
    { name: `${split}-code`, kind: 'code' as const, split, text: code },
  ],
);

export async function testPrompts(): Promise<PromptSource> {
  return samplePrompts(documentFiller(texts), await loadTokenizer(folder));
}

/** Two stages of two generations of two slices each: a few seconds. */
export function testSettings(changes: Partial<TextEvolutionSettings> = {}): TextEvolutionSettings {
  return {
    model: { folder, ropeScaling: { factor: 2, alpha: 2 } },
    trainable: trainableSettings('namm', 64),
    stages: [
      { tasks: ['single-document', 'key-value'], length: 160, generations: 2, promptsPerTask: 2 },
      { tasks: ['code-variables'], length: 200, generations: 2, promptsPerTask: 4 },
    ],
    populationSize: 6,
    sigma: 0.1,
    seed: 3,
    fitness: { kind: 'log-probability-gain', sizePressure: 0 },
    normaliser: { scope: 'shared', promptsPerTask: 1 },
    validation: { every: 1, promptsPerTask: 1 },
    start: null,
    prompts: 'made up',
    ...changes,
  };
}
