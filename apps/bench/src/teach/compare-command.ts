import type { Command } from '@commander-js/extra-typings';
import { spokenFamilyNames } from '@namm/benchmarks';
import {
  budgetText,
  defaultPolicies,
  fromZero,
  interruptSignal,
  listOf,
  namedPolicy,
  nameFrom,
  openModel,
  ownPolicyForm,
  ropeScalingOf,
  showProgress,
} from '@namm/cli';
import { weightDtypes } from '@namm/decoder';
import { compareOnTexts } from '@namm/jobs';
import { addReadingOptions } from './reading-options.js';

/** Adds `compare`: what policies do to text. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('what policies do to your text and model: no labels needed');
  addReadingOptions(command, 'the figures, a JSON file', 0)
    .option('--taught <file>', 'a taught scorer; one of ours for this model if left out')
    .option(
      '--policies <names>',
      `with commas; kvzip reads twice; ${ownPolicyForm} is yours; NAME@25% has a budget of its own`,
      listOf(namedPolicy),
      [...defaultPolicies],
    )
    .option('--budgets <sizes>', 'as of a policy, with commas', listOf(budgetText), [
      '50%',
      '25%',
      '10%',
    ])
    .option(
      '--passages <count>',
      'passages, of each a third is predicted; 0 asks questions alone',
      fromZero,
      4,
    )
    .option(
      '--families <names>',
      `of ${spokenFamilyNames.join(', ')}, with commas`,
      listOf(nameFrom(spokenFamilyNames)),
    )
    .option('--seed <number>', 'of the prompts', fromZero, 1)
    .option('--dtype <dtype>', 'how weights are computed with', nameFrom(weightDtypes))
    .action(async (options) => {
      const signal = interruptSignal();
      const open = () => openModel(options.model, signal);
      const tables = await showProgress('readings', (onProgress) =>
        compareOnTexts({
          ...{ ...options, ropeScaling: ropeScalingOf(options) },
          ...{ open, onProgress, signal },
        }),
      );
      console.log(tables);
    });
}
