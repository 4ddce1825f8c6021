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
    .description('make a NAMM that was evolved on language ready for an agent');
  addAgentOptions(command)
    .option('--checkpoint <file>', `of the NAMM (default: that of ${modelNames[0]})`)
    .option('--forms <list>', transferForms.join(', '), listOf(nameFrom(transferForms)), [
      ...transferForms,
    ])
    .option('--update-interval <tokens>', "a multiple of 16 (default: the NAMM's)", count)
    .option('--episodes <count>', 'to measure on, and of each trial', count, 8)
    .option('--shares <list>', 'of the tokens, that trials aim at', listOf(share))
    .option('--tails <list>', 'newest tokens that stay in any case, all tried', listOf(count))
    .option('--budget <size>', 'the most held in a trial: rows, a share, bytes', budgetText)
    .option('--seed <seed>', 'of the first of these episodes', fromZero, 1_000_000)
    .requiredOption(
      '--out <folder>',
      'for frozen.safetensors, calibrated.safetensors …',
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
