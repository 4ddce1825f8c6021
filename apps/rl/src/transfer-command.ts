import type { Command } from '@commander-js/extra-typings';
import {
  budgetText,
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  outputFolder,
  share,
  showProgress,
  terminalWidth,
} from '@namm/cli';
import { transferForms } from '@namm/evolve-policies';
import { transferToAgent } from '@namm/jobs/control';
import { modelNames } from '@namm/models';
import { addAgentOptions, openAgent } from './agent-options.js';

/** Adds `transfer`: a NAMM of a language model, made ready for an agent. */
export function addTransferCommand(program: Command): void {
  const command = program
    .command('transfer')
    .description('adapt a NAMM that was evolved on language to an agent');
  addAgentOptions(command)
    .option('--checkpoint <file>', `the NAMM (default: that of ${modelNames[0]})`)
    .option('--forms <list>', transferForms.join(', '), listOf(nameFrom(transferForms)), [
      ...transferForms,
    ])
    .option(
      '--update-interval <tokens>',
      "tokens between decisions, a multiple of 16 (default: the NAMM's)",
      count,
    )
    .option('--episodes <count>', 'episodes for measuring, and for each trial', count, 8)
    .option('--shares <list>', 'shares of the tokens that trials aim to keep', listOf(share))
    .option('--tails <list>', 'numbers of newest tokens to protect; each is tried', listOf(count))
    .option('--budget <size>', 'most that a trial may hold: rows, a share, bytes', budgetText)
    .option('--seed <seed>', 'seed of the first of these episodes', fromZero, 1_000_000)
    .requiredOption(
      '--out <folder>',
      'folder for frozen.safetensors, calibrated.safetensors …',
      outputFolder,
    )
    .action(async (options) => {
      const signal = interruptSignal();
      const agent = await openAgent(options, signal);
      console.log(`Machine: ${describeMachine()}.`);
      await showProgress('episodes', (onProgress, clear) =>
        transferToAgent({
          ...{ ...options, ...agent, width: terminalWidth(), onProgress, signal },
          onMade: (path, trials) => {
            clear();
            if (trials !== null) console.log(`\n${trials}\n`);
            console.log(`${path}: evaluate it with --policies full,namm:${path}\n`);
          },
        }),
      );
    });
}
