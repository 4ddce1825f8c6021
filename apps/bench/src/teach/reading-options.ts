import type { Command } from '@commander-js/extra-typings';
import { addRopeScalingOptions, count, fromZero, outputFile } from '@namm/cli';

/** Options of the commands that read the user's text with the user's model. */
export function addReadingOptions(command: Command, written: string, prompts: number) {
  return addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--text <files...>', 'plain text in a language that the model understands')
    .requiredOption('--out <file>', written, outputFile)
    .option('--length <tokens>', 'tokens per passage', count, 1536)
    .option('--prompts <count>', 'prompts per family of questions; 0 asks none', fromZero, prompts)
    .option('--threads <count>', 'threads for computing', count, 1);
}
