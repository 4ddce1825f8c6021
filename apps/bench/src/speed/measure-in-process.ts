import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Measured, MeasureRequest } from './measure-request.js';

/** Name of the hidden command that a child process runs. */
export const measureCommandName = 'speed-measure';

/** Measures in a process of its own, so that peak memory and warm code belong to one measurement only. */
export async function measureInProcess(request: MeasureRequest): Promise<Measured> {
  const command = [process.argv[1]!, measureCommandName, JSON.stringify(request)];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured; // a library may print before it
}
