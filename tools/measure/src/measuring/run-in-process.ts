import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MeasurementError } from './measurement-error.js';

/**
 * Runs a hidden command of this program in a process of its own, so that memory, compiled code and
 * threads belong to one measurement only.
 *
 * @param request the command's argument, as JSON
 * @param what is measured, for the message of an error
 * @returns what the command printed, which is one line of JSON
 * @throws {MeasurementError} with the command's own message, or how the process ended
 */
export async function runInProcess<Result>(
  command: string,
  request: unknown,
  what: string,
): Promise<Result> {
  const args = [process.argv[1]!, command, JSON.stringify(request)];
  const options = { maxBuffer: 2 ** 26 };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result; // a library may print before it
  } catch (cause) {
    throw new MeasurementError(`${what}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(error: unknown): string {
  const { stderr = '', signal, message } = error as Error & { stderr?: string; signal?: string };
  const own = stderr.split('\n').find((line) => line.startsWith('measure: '));
  if (own) return own.slice('measure: '.length);
  const last = stderr.trim().split('\n').at(-1);
  if (signal) return `the process was ended by ${signal}${last ? `: ${last}` : ''}`;
  return last || message;
}
