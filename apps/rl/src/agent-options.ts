import { existsSync } from 'node:fs';
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { budgetText, number, openModel, positiveNumber, readBy, showProgress } from '@namm/cli';
import { agentStatistics, parseEnvironment } from '@namm/control';
import { InvalidArgumentError, suggestName } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import type { PlayedAgent } from '@namm/jobs/control';
import { agentFolder, agentNames } from '@namm/models';

/** Which agent, where, and what it is asked for: the options that all commands with an agent have. */
export interface AgentOptions {
  readonly agent: string;
  readonly environment?: EnvironmentSettings | undefined;
  readonly targetReturn?: number | undefined;
  readonly returnScale?: number | undefined;
  readonly statistics?: string | undefined;
}

/** Adds the options of {@link AgentOptions}. */
export function addAgentOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option(
      '--agent <name>',
      `${agentNames.join(', ')}, a folder or a model of the hub`,
      agentNames[0] as string,
    )
    .option(
      '--environment <settings>',
      'such as t-maze:length=300 or hopper (as in the agent’s agent.json)',
      readBy(parseEnvironment),
    )
    .option('--target-return <value>', 'return to ask for (as in agent.json)', number)
    .option(
      '--return-scale <value>',
      'number that returns are divided by (as in agent.json)',
      positiveNumber,
    )
    .option(
      '--statistics <path>',
      'recorded episodes for normalising states: D4RL .hdf5, Minari folder, or from collect (as in agent.json)',
    );
}

/** The agent that they name, fetched from the hub where it has to be, and what it is asked for. */
export async function openAgent(options: AgentOptions, signal: AbortSignal): Promise<PlayedAgent> {
  const { agent, environment, targetReturn, returnScale, statistics } = options;
  const bundled = agentNames.find((name) => name === agent);
  const isName = !agent.includes('/') && !existsSync(agent);
  const short = agentNames.map((name) => name.replace('-agent', ''));
  const meant = suggestName(agent, [...agentNames, ...short]);
  if (isName && !bundled && meant !== null) {
    const name = agentNames.find((one) => one.startsWith(meant));
    throw new InvalidArgumentError('--agent', `there is no '${agent}'; did you mean '${name}'?`);
  }
  const folder = bundled ? agentFolder(bundled) : await openModel(agent, signal);
  const normalisation =
    statistics === undefined
      ? undefined
      : await showProgress('episodes', (onProgress) =>
          agentStatistics(folder, statistics, { signal, onProgress }),
        );
  const episode = {
    ...(targetReturn !== undefined && { targetReturn }),
    ...(returnScale !== undefined && { returnScale }),
    ...(normalisation && { normalisation }),
  };
  return { agent: folder, environment, episode };
}

/** Adds what the names of ways to remember stand for: `ContenderChoice` of jobs. */
export function addContenderOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option(
      '--budget <size>',
      'budget of the policies: rows per head, a share (25%) or bytes (64kB)',
      budgetText,
      '60',
    )
    .option('--checkpoint <file>', "NAMM for the policy 'namm' (the one beside the agent)");
}
