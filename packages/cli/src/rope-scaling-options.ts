import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { positiveNumber } from './option-parsers.js';

/** What {@link addRopeScalingOptions} adds. */
export type RopeScalingOptions = {
  readonly ropeFactor?: number;
  readonly ropeScaling: 'ntk' | 'yarn';
  readonly ropeAlpha: number;
  readonly logitFactor: number;
};

/**
 * Adds the options that say how a model reads beyond its training length, by the same names in every command.
 *
 * @param factor what the run length over the training length is when it is left out
 * @param alpha of NTK when it is left out
 */
export function addRopeScalingOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>, factor: string, alpha: number) {
  return command
    .option(
      '--rope-factor <factor>',
      `prompt length over training length; ${factor}`,
      positiveNumber,
    )
    .addOption(
      new Option('--rope-scaling <kind>', 'how to extend the context beyond the training length')
        .choices(['ntk', 'yarn'] as const)
        .default('ntk' as const),
    )
    .option('--rope-alpha <alpha>', 'how strongly ntk raises the RoPE base', positiveNumber, alpha)
    .option('--logit-factor <factor>', 'factor on the attention logits', positiveNumber, 1);
}

/** The decoder's `ropeScaling`. */
export function ropeScalingOf(
  { ropeFactor, ropeScaling, ropeAlpha, logitFactor }: RopeScalingOptions,
  factor = 1,
) {
  const alpha = ropeScaling === 'ntk' ? ropeAlpha : 1;
  return { factor: ropeFactor ?? factor, kind: ropeScaling, alpha, logitFactor };
}
