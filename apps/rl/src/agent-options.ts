import { existsSync } from 'node:fs';
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { number, openModel, ProgressLine, positiveNumber, readBy } from '@namm/cli';
import { type EpisodeChoices, parseEnvironment } from '@namm/control';
import type { ProgressEvent } from '@namm/core';
import { type EnvironmentSettings, recordedStatistics } from '@namm/environments';
import { agentFolder, agentNames, checkpointsIn } from '@namm/models';

/** Which agent, where, and what it is asked for: the options that all commands with an agent have. */
export interface AgentOptions {
  readonly agent: string;
  readonly environment?: EnvironmentSettings;
  readonly targetReturn?: number;
  readonly returnScale?: number;
  readonly statistics?: string;
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
      "such as t-maze:length=300 or hopper; if left out, that of the agent's agent.json",
      readBy(parseEnvironment),
    )
    .option('--target-return <value>', "return to ask for; agent.json's", number)
    .option('--return-scale <value>', "what returns are divided by; agent.json's", positiveNumber)
    .option(
      '--statistics <path>',
      "recorded episodes whose mean and deviation normalise states (D4RL .hdf5, Minari folder, or of collect); agent.json's",
    );
}

/** The folder of the agent. */
export async function agentOf({ agent }: AgentOptions, signal: AbortSignal): Promise<string> {
  const bundled = agentNames.find((name) => name === agent);
  return bundled ? agentFolder(bundled) : await openModel(agent, signal);
}

/** What the options say that `agent.json` need not. */
export async function episodeOf(
  { targetReturn, returnScale, statistics }: AgentOptions,
  signal: AbortSignal,
): Promise<EpisodeChoices> {
  return {
    ...(targetReturn !== undefined && { targetReturn }),
    ...(returnScale !== undefined && { returnScale }),
    ...(statistics !== undefined && { normalisation: await statisticsOf(statistics, signal) }),
  };
}

async function statisticsOf(path: string, signal: AbortSignal) {
  const progress = new ProgressLine('episodes');
  const onProgress = (event: ProgressEvent) => progress.update(event);
  return recordedStatistics(path, { signal, onProgress }).finally(() => progress.clear());
}

/** The NAMM for the policy `namm`: the one that is named, else the first that lies beside the agent. */
export function checkpointFor(agent: string, named?: string): { readonly checkpoint?: string } {
  const [beside] = existsSync(agent) ? checkpointsIn(agent) : [];
  const checkpoint = named ?? beside;
  return checkpoint === undefined ? {} : { checkpoint };
}
