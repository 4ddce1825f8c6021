import type { Command } from '@commander-js/extra-typings';
import {
  count,
  interruptSignal,
  listOf,
  openModel,
  ownPolicies,
  ownPolicyForm,
  ownPolicyName,
  ropeScalingOf,
  showProgress,
} from '@namm/cli';
import { counted, InvalidArgumentError } from '@namm/core';
import { fitScorer, triedBudgets } from '@namm/jobs';
import { addReadingOptions } from './reading-options.js';

/** Adds `fit`: a scorer taught on a model. */
export function addFitCommand(program: Command): void {
  const command = program
    .command('fit')
    .description(
      'teach a scorer of cached tokens for a model from plain text, in minutes; resumes',
    );
  addReadingOptions(command, 'the scorer, a safetensors file', 1)
    .option('--passages <count>', 'passages to learn from', count, 10)
    .option('--held-out <count>', 'passages to test on', count, 2)
    .option(
      '--policy <list>',
      `your own policies to compare with, as ${ownPolicyForm}`,
      listOf(ownPolicyName),
      [],
    )
    .option(
      '--no-questions',
      'do not plant facts in the text and ask about them (they are in English)',
    )
    .option('--no-try', 'skip the comparison with classic policies')
    .action(async (options) => {
      const signal = interruptSignal();
      if (!options.try && options.policy.length > 0) {
        throw new InvalidArgumentError('--policy', 'has no effect with --no-try');
      }
      const own = await ownPolicies(options.policy, triedBudgets);
      const open = () => openModel(options.model, signal);
      const { quality, compare } = await showProgress('passages', (onProgress) =>
        fitScorer({
          ...{ ...options, ropeScaling: ropeScalingOf(options) },
          ...{ open, onProgress, signal },
        }),
      );
      const { fitted, heldOut } = quality.tokens;
      console.log(
        `${options.out}: fitted to ${counted(fitted, 'token')}; on ${counted(heldOut, 'held-out token')} its correlation with the teacher is ${quality.correlation.toFixed(3)}`,
      );
      if (options.try) {
        console.log(await showProgress('readings', (onProgress) => compare(own, onProgress)));
      }
    });
}
