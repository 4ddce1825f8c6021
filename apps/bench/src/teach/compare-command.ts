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
    .description('compare policies on your text and model; needs no labels');
  addReadingOptions(command, 'the figures, a JSON file', 0)
    .option('--taught <file>', 'a taught scorer (the bundled one for this model)')
    .option(
      '--policies <names>',
      `policies, separated by commas; kvzip reads twice; ${ownPolicyForm} is your own; NAME@25% sets a budget for one`,
      listOf(namedPolicy),
      [...defaultPolicies],
    )
    .option(
      '--budgets <sizes>',
      'tokens per head (512), shares (25%) or bytes (64MB), separated by commas',
      listOf(budgetText),
      ['50%', '25%', '10%'],
    )
    .option(
      '--passages <count>',
      'passages to read; the last third of each is predicted; 0 asks questions only',
      fromZero,
      4,
    )
    .option(
      '--families <names>',
      `families of questions, separated by commas: ${spokenFamilyNames.join(', ')}`,
      listOf(nameFrom(spokenFamilyNames)),
    )
    .option('--seed <number>', 'seed for the prompts', fromZero, 1)
    .option('--dtype <dtype>', 'weights to compute with', nameFrom(weightDtypes))
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
