import { existsSync } from 'node:fs';
import { checkpointsIn } from '@namm/models';

/** The NAMM for the policy `namm`: the one that is named, else the first that lies beside the agent. */
export function checkpointFor(agent: string, named?: string): { readonly checkpoint?: string } {
  const [beside] = existsSync(agent) ? checkpointsIn(agent) : [];
  const checkpoint = named ?? beside;
  return checkpoint === undefined ? {} : { checkpoint };
}
