import type { Command } from '@commander-js/extra-typings';
import {
  addPolicyOptions,
  count,
  fromZero,
  numberFromZero,
  positiveNumber,
  threadCount,
} from '@namm/cli';

/** Adds the options of the commands that look at a video. */
export function addCommonOptions<Args extends unknown[]>(command: Command<Args>) {
  return addPolicyOptions(command)
    .requiredOption(
      '--model <name>',
      'a folder of LLaVA-NeXT-Video, SmolVLM2 or Idefics3 with safetensors, or a model of the hub',
    )
    .option('--rate <count>', 'frames to show per second (as the model prescribes)', positiveNumber)
    .option(
      '--frames-per-second <count>',
      'frames per second of a folder of images',
      positiveNumber,
      1,
    )
    .option(
      '--reuse-below <difference>',
      'frames that differ less from the one before reuse its features; 0 for never',
      numberFromZero,
      0,
    )
    .option('--max-tokens <count>', 'most tokens of an answer', count, 128)
    .option('--chunk <count>', 'tokens to read at once', count, 256)
    .option('--threads <count>', 'threads for computing', threadCount)
    .option('--seed <seed>', 'seed for random eviction and sampling', fromZero, 1);
}
