import type { Command } from '@commander-js/extra-typings';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import {
  count,
  fromZero,
  numberFromZero,
  outputFile,
  ownPolicyForm,
  positiveNumber,
  threadCount,
} from '@namm/cli';
import { policyNames } from '@namm/kv-cache';

/** Options of every command. */
export interface CommonOptions {
  readonly model: string;
  readonly policy: string;
  readonly checkpoint?: string;
  readonly budget?: string;
  readonly rate?: number;
  readonly framesPerSecond: number;
  readonly reuseBelow: number;
  readonly maxTokens: number;
  readonly chunk: number;
  readonly threads?: number;
  readonly retention?: string;
  readonly seed: number;
}

const retentionFile = (text: string): string => {
  if (/\.(html|safetensors)$/.test(text)) return outputFile(text);
  throw new InvalidArgumentError(`'${text}' ends in neither .html nor .safetensors.`);
};

/** Adds them to a command. */
export function addCommonOptions<Args extends unknown[]>(command: Command<Args>) {
  return command
    .requiredOption(
      '--model <name>',
      'a folder of LLaVA-NeXT-Video, SmolVLM2 or Idefics3 with safetensors, or a model of the hub',
    )
    .option(
      '--policy <name>',
      `what to forget: ${[...policyNames, 'namm', ownPolicyForm].join(', ')}`,
      'full',
    )
    .option('--checkpoint <file>', 'the NAMM of the policy namm: a safetensors file')
    .option('--budget <size>', "tokens per head (512), a share ('25%') or bytes ('64MB')")
    .option('--rate <count>', 'frames shown per second (as the model prescribes)', positiveNumber)
    .option(
      '--frames-per-second <count>',
      'how fast the images of a folder follow one another',
      positiveNumber,
      1,
    )
    .option(
      '--reuse-below <difference>',
      'frames that differ less from the one before share its features; 0 for never',
      numberFromZero,
      0,
    )
    .option('--max-tokens <count>', 'most tokens of an answer', count, 128)
    .option('--chunk <count>', 'tokens read at once', count, 256)
    .option('--threads <count>', 'threads that compute', threadCount)
    .option('--retention <file>', 'write what each head kept: .html, .safetensors', retentionFile)
    .option('--seed <seed>', 'of random eviction and sampling', fromZero, 1);
}
