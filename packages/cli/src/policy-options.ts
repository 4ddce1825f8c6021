import type { Command, OptionValues } from '@commander-js/extra-typings';
import { policyNames } from '@namm/kv-cache';
import { InvalidArgumentError, type Command as PlainCommand } from 'commander';
import { budgetText } from './option-parsers.js';
import { outputFile } from './output-file.js';
import { ownPolicyForm, policyFrom } from './own-policy.js';

const names = [...policyNames, 'namm', 'taught'];

/** What {@link addPolicyChoiceOptions} adds. */
export type PolicyChoiceOptions = {
  readonly policy?: string;
  readonly checkpoint?: string;
  readonly budget?: string;
};

/** What {@link addPolicyOptions} adds. */
export type PolicyOptions = PolicyChoiceOptions & { readonly retention?: string };

/** A file that {@link writeRetention} can write. */
export const retentionFile = (text: string): string => {
  if (/\.(html|safetensors)$/.test(text)) return outputFile(text);
  throw new InvalidArgumentError(`'${text}' ends in neither .html nor .safetensors.`);
};

/** Adds the options that say what a model forgets, by the same names in every command. */
export function addPolicyChoiceOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>): Command<Args, Own & PolicyChoiceOptions, Global> {
  // Inferring the types of so many options, one from the next, would take minutes to check.
  const plain = command as unknown as PlainCommand;
  plain
    .option(
      '--policy <name>',
      `what to forget (full): ${[...names, ownPolicyForm].join(', ')}`,
      policyFrom(names),
    )
    .option(
      '--checkpoint <file>',
      'safetensors file: the NAMM for the policy namm, or the scorer for taught',
    )
    .option(
      '--budget <size>',
      "tokens per head (512), a share ('25%') or bytes ('64MB')",
      budgetText,
    );
  return command as Command<Args, Own & PolicyChoiceOptions, Global>;
}

/** Adds {@link addPolicyChoiceOptions}, and where what was kept is recorded. */
export function addPolicyOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>): Command<Args, Own & PolicyOptions, Global> {
  (addPolicyChoiceOptions(command) as unknown as PlainCommand).option(
    '--retention <file>',
    'write what each head kept: .html, .safetensors',
    retentionFile,
  );
  return command as Command<Args, Own & PolicyOptions, Global>;
}
