import { runInProcess } from '../measuring/run-in-process.js';
import { hasNodeLlamaCpp, installCommand } from '../speed/node-llama-cpp.js';
import type { SideRequest, SideResult } from './measure-side.js';

export interface BesideRequest extends Omit<SideRequest, 'side'> {
  /** Where node-llama-cpp is installed. */
  readonly installation: string;
}

export interface BesideResult {
  readonly ours: SideResult;
  /** Null where node-llama-cpp is not installed. */
  readonly nodeLlamaCpp: SideResult | null;
  /** How to install it, where it is not. */
  readonly missing: string | null;
  /** Ours over theirs. */
  readonly memory: number | null;
  readonly throughput: number | null;
}

/** Name of the hidden command that a child process runs. */
export const sideCommandName = 'serving-side';

/**
 * The same document, conversations and clients here and in node-llama-cpp, each in a process of its own.
 *
 * @throws {MeasurementError} when one of them fails
 */
export async function measureBeside(
  { installation, ...request }: BesideRequest,
  onProgress: (text: string) => void,
): Promise<BesideResult> {
  const run = async (side: SideRequest['side']) => {
    onProgress(`${side}: ${request.conversations} conversations, ${request.clients} clients`);
    const one: SideRequest & { installation: string } = { ...request, side, installation };
    return await runInProcess<SideResult>(sideCommandName, one, side);
  };
  const ours = await run('ours');
  if (!(await hasNodeLlamaCpp(installation))) {
    const missing = `node-llama-cpp is not there: ${installCommand(installation)}`;
    return { ours, nodeLlamaCpp: null, missing, memory: null, throughput: null };
  }
  const nodeLlamaCpp = await run('node-llama-cpp');
  return {
    ...{ ours, nodeLlamaCpp, missing: null },
    memory: ours.memoryBytes / nodeLlamaCpp.memoryBytes,
    throughput: ours.tokensPerCpuSecond / nodeLlamaCpp.tokensPerCpuSecond,
  };
}
