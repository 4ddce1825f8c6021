import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count } from '@namm/cli';
import type { ModelRequest } from '../random-model/prepare-model.js';

/** The options of a command that measures the model of random weights. */
export interface ModelOptions extends ModelRequest {
  readonly work?: string;
  /** In place of the model of random weights. */
  readonly model?: string;
}

/** llama.cpp wants a word for each byte. */
const vocabulary = (text: string): number => {
  if (count(text) >= 256) return count(text);
  throw new InvalidArgumentError(`'${text}' is below 256.`);
};

/** Adds the options that say which model is measured, and where it is kept. */
export function addModelOptions(command: Command) {
  return command
    .option(
      '--model <name>',
      'a folder, a GGUF file, or a model of the hub, instead of random weights',
    )
    .option('--work <folder>', 'where the model is written, and found again by the next run')
    .option('--layers <count>', 'layers of the model', count, 30)
    .option('--vocabulary <count>', 'tokens that the model knows', vocabulary, 49152)
    .option('--seed <seed>', 'seed of weights and prompts', count, 1);
}

/** The folder for the model, one for each size unless the user names one. */
export function workFolder({ work, layers, vocabulary, seed }: ModelOptions): string {
  return work ?? join(tmpdir(), `namm-bench-${layers}-layers-${vocabulary}-tokens-seed-${seed}`);
}
