import type { Command } from '@commander-js/extra-typings';
import {
  count,
  fromZero,
  interruptSignal,
  listOf,
  outputFile,
  outputFolder,
  ownPolicyForm,
  showProgress,
  terminalWidth,
} from '@namm/cli';
import { contenderNames } from '@namm/control';
import { evaluateAgent, showEpisode } from '@namm/jobs/control';
import { addAgentOptions, addContenderOptions, openAgent } from './agent-options.js';

const windows = ['window:20', 'newest-steps:20'];
const policies = ['full', ...windows, 'sink-recent', 'h2o', 'keydiff', 'random'];

/** Adds `evaluate`: one agent, one environment, several ways to remember. */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('let an agent play the same episodes under several policies');
  addContenderOptions(addAgentOptions(command))
    .option(
      '--policies <list>',
      [...contenderNames, ownPolicyForm].join(', '),
      listOf(String),
      policies,
    )
    .option('--episodes <count>', 'episodes per policy', count, 20)
    .option('--seed <seed>', 'seed of the first episode; each next one adds 1', fromZero, 0)
    .option(
      '--out <folder>',
      'folder for finished episodes; those in it are not played again',
      outputFolder,
    )
    .option(
      '--page <file>',
      'write a page that shows the first episode under the last policy',
      outputFile,
    )
    .action(async ({ page, ...options }) => {
      const signal = interruptSignal();
      const played = { ...options, ...(await openAgent(options, signal)), signal };
      await showProgress('episodes', (onProgress, clear) =>
        evaluateAgent({
          ...{ ...played, width: terminalWidth(), onProgress },
          onText: (text) => {
            clear();
            console.log(text);
          },
        }),
      );
      if (page === undefined) return;
      const name = await showEpisode(page, { ...played, policy: options.policies.at(-1)! });
      console.log(`${page}: the first episode under ${name}`);
    });
}
