import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a run of a program ended, and what it said. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const host = fileURLToPath(new URL('./command-host.mjs', import.meta.url));

/**
 * Runs a program on several lists of arguments, one after the other in one process, so that many short runs (bad
 * arguments, help texts) cost one start. For programs whose module awaits its end; what only a process of its own
 * shows, such as signals, needs one.
 *
 * @param program path of its module
 * @throws {Error} when the process dies, with what it said
 *
 * @example
 * ```ts
 * const [help] = await runCommands('dist/cli.js', [['--help']]);
 * expect(help.status).toBe(0);
 * ```
 */
export async function runCommands(
  program: string,
  runs: readonly (readonly string[])[],
): Promise<CommandResult[]> {
  const child = spawn(process.execPath, [host, JSON.stringify({ program, runs })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let answer = '';
  let complaint = '';
  child.stdout.on('data', (text) => {
    answer += text;
  });
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${complaint}`);
  return JSON.parse(answer) as CommandResult[];
}
