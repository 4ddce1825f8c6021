import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, noneOf } from '@namm/core';

/** Names of the Decision Transformers in this package. */
export const agentNames = [
  't-maze-agent',
  'hopper-agent',
  'active-t-maze-agent',
  'key-to-door-agent',
  'repeat-previous-agent',
  'half-cheetah-medium-agent',
  'half-cheetah-replay-agent',
  'hopper-medium-agent',
  'hopper-replay-agent',
  'walker2d-expert-agent',
  'walker2d-replay-agent',
] as const;

export type AgentName = (typeof agentNames)[number];

/**
 * The folder of a bundled Decision Transformer, in Hugging Face layout; its `agent.json` says how to use it (the
 * environment, what observations and returns are scaled with, the return to ask for), its `README.md` is the card.
 *
 * @throws {InvalidArgumentError} when there is none of that name
 *
 * @example
 * ```ts
 * const folder = agentFolder('t-maze-agent');
 * ```
 */
export function agentFolder(name: AgentName): string {
  if (!agentNames.includes(name)) {
    throw new InvalidArgumentError('name', noneOf(name, agentNames));
  }
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
