import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { fromZero, interruptSignal, outputFile, ownPolicyForm } from '@namm/cli';
import { contenderNames } from '@namm/control';
import { showEpisode } from '@namm/jobs/control';
import { addAgentOptions, addContenderOptions, openAgent } from './agent-options.js';

/** Adds `watch`: an episode as a page. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description('write one episode as a page: what happens, and what each head still holds');
  addContenderOptions(addAgentOptions(command))
    .option('--policy <name>', [...contenderNames, ownPolicyForm].join(', '), 'sink-recent')
    .option('--seed <seed>', 'seed of the episode', fromZero, 0)
    .option('--out <file>', 'page to write', outputFile, 'episode.html')
    .action(async (options) => {
      const signal = interruptSignal();
      const agent = await openAgent(options, signal);
      await showEpisode(options.out, { ...options, ...agent, signal });
      console.log(`${resolve(options.out)}: open it in a browser`);
    });
}
