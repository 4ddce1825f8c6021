import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { SamplingSettings } from '@namm/decoder';
import { fraction, fromZero, numberFromZero, positiveNumber } from './option-parsers.js';

/** What {@link addSamplingOptions} adds: settings that are left out are those of the model's folder. */
export type SamplingOptions = {
  readonly temperature?: number | undefined;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
  readonly minP?: number | undefined;
  readonly repetitionPenalty?: number | undefined;
};

/** Adds the options that say how the next token is drawn, by the same names in every command. */
export function addSamplingOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>) {
  return command
    .option(
      '--temperature <number>',
      "0 always takes the likeliest token (as the model's folder says)",
      numberFromZero,
    )
    .option('--top-k <count>', 'sample from this many of the likeliest tokens', fromZero)
    .option(
      '--top-p <share>',
      'sample from the likeliest tokens that together reach this probability',
      fraction,
    )
    .option(
      '--min-p <share>',
      'sample from tokens at least this share as likely as the likeliest',
      fraction,
    )
    .option(
      '--repetition-penalty <factor>',
      'above 1 makes repetition less likely',
      positiveNumber,
    );
}

/** The decoder's `sampling`: what was given. */
export function samplingOf(options: SamplingOptions): Partial<SamplingSettings> {
  const { temperature, topK, topP, minP, repetitionPenalty } = options;
  const all = { temperature, topK, topP, minP, repetitionPenalty };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
