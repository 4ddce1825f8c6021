import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { weightDtypes } from '@namm/decoder';
import { cacheDtypes, type DecideAfter, decideAfterChoices } from '@namm/kv-cache';
import type { Command as PlainCommand } from 'commander';
import { answerPrompt } from './answer-prompt.js';
import { choosePolicy } from './choose-policy.js';
import { interruptSignal } from './interruption.js';
import { openModel } from './open-model.js';
import { count, fromZero, threadCount } from './option-parsers.js';
import { addPolicyOptions, type PolicyOptions } from './policy-options.js';
import { readPrompt } from './read-prompt.js';
import { addRopeScalingOptions, type RopeScalingOptions } from './rope-scaling-options.js';
import { addSamplingOptions, type SamplingOptions } from './sampling-options.js';

/** What {@link addAnswerOptions} adds. */
export type AnswerCommandOptions = PolicyOptions &
  RopeScalingOptions &
  SamplingOptions & {
    readonly model?: string;
    readonly prompt?: string;
    readonly promptFile?: string;
    readonly maxTokens: number;
    readonly chat?: boolean;
    readonly chunk?: number | undefined;
    /** Whether it was asked for is told by where it comes from. */
    readonly compact: boolean;
    readonly threads?: number;
    readonly dtype?: (typeof weightDtypes)[number];
    readonly cacheDtype?: (typeof cacheDtypes)[number];
    readonly decideAfter?: DecideAfter;
    readonly json?: boolean;
    readonly seed: number;
  };

/** Adds the options of commands that answer one prompt, by the same names. */
export function addAnswerOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>): Command<Args, Own & AnswerCommandOptions, Global> {
  const reading = addRopeScalingOptions(command, '1 if left out', 1);
  const plain = addSamplingOptions(addPolicyOptions(reading)) as unknown as PlainCommand;
  plain
    .option(
      '--model <name>',
      'a Hugging Face folder with safetensors, a GGUF file, or a model of the hub',
    )
    .option('--prompt <text>', 'text to continue; or pipe it in')
    .option('--prompt-file <file>', 'file with the text to continue; - is standard input')
    .option('--max-tokens <count>', 'most tokens to write', count, 256)
    .option('--chat', "put the prompt through the model's chat template")
    .option(
      '--chunk <count>',
      'tokens to read at once (256, or as few as the model has room for)',
      count,
    )
    .addOption(
      new Option(
        '--compact',
        'close the gaps that forgotten tokens leave in positions, for text of any length (when a budget needs it)',
      ),
    )
    .option('--no-compact', 'never close gaps in positions')
    .addOption(
      new Option(
        '--decide-after <when>',
        'when the policy chooses: after every pass, or once the prompt has been read (pass)',
      ).choices(decideAfterChoices),
    )
    .option('--threads <count>', 'threads for computing', threadCount)
    .addOption(
      new Option(
        '--dtype <dtype>',
        'weights in memory: float32, the bits of a GGUF file, or rounded (auto)',
      ).choices(weightDtypes),
    )
    .addOption(
      new Option('--cache-dtype <dtype>', 'keys and values in memory (fp32)').choices(cacheDtypes),
    )
    .option('--json', 'print one object of JSON')
    .option(
      '--seed <seed>',
      "seed for sampling, random eviction and the demo's facts",
      fromZero,
      1,
    );
  return command as unknown as Command<Args, Own & AnswerCommandOptions, Global>;
}

/**
 * Answers the prompt of a command that {@link addAnswerOptions} was called on; see {@link answerPrompt}.
 *
 * @param model a folder, a GGUF file, or a model of the hub
 * @param command to see which options were given
 * @throws whatever is wrong with the options, the prompt or the model
 */
export async function answerCommand(
  model: string,
  options: AnswerCommandOptions,
  command: Pick<PlainCommand, 'getOptionValueSource'>,
): Promise<void> {
  const prompt = await readPrompt(options);
  const signal = interruptSignal();
  const folder = await openModel(model, signal);
  const policy = await choosePolicy({ ...options, folder });
  const isChosen = command.getOptionValueSource('compact') === 'cli';
  const compact = isChosen ? options.compact : undefined;
  await answerPrompt({ ...options, model: folder, prompt, policy, compact, signal });
}
