import type { Command } from '@commander-js/extra-typings';
import { fromZero, interruptSignal, outputFile, ownPolicyForm } from '@namm/cli';
import { contenderNames, writeEpisodePage } from '@namm/control';
import {
  type AgentOptions,
  addAgentOptions,
  agentOf,
  checkpointFor,
  episodeOf,
} from './agent-options.js';
import { contenderFor } from './contender-for.js';

interface Options extends AgentOptions {
  policy: string;
  budget: string;
  checkpoint?: string;
  seed: number;
  out: string;
}

/** Adds `watch`: an episode as a page. */
export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description('write one episode as a page: what happens, beside what each head still holds');
  addAgentOptions(command)
    .option('--policy <name>', [...contenderNames, ownPolicyForm].join(', '), 'sink-recent')
    .option('--budget <size>', 'of the policy: rows per head, a share (25%) or bytes (64kB)', '60')
    .option('--checkpoint <file>', "of the NAMM, for the policy 'namm'; that beside the agent")
    .option('--seed <seed>', 'of the episode', fromZero, 0)
    .option('--out <file>', 'the page', outputFile, 'episode.html')
    .action(watch);
}

async function watch(options: Options): Promise<void> {
  const signal = interruptSignal();
  const agent = await agentOf(options, signal);
  const { environment, budget, seed, out } = options;
  const checkpoint = checkpointFor(agent, options.checkpoint);
  const contender = await contenderFor(options.policy, { budget, ...checkpoint });
  const episode = await episodeOf(options, signal);
  await writeEpisodePage(out, { agent, environment, episode, contender, seed, signal });
  console.log(`${out}: open it in a browser`);
}
