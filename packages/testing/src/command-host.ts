import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a run of a program ended, and what it said. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const host = fileURLToPath(new URL('./command-host.mjs', import.meta.url));

/**
 * Runs a program on one list of arguments after the other in one process, so that many runs cost one start. For programs
 * whose module awaits its end; what only a process of its own shows, such as signals or standard input, needs one.
 *
 * @example
 * ```ts
 * const commands = new CommandHost('dist/cli.js');
 * const { status } = await commands.run(['--help']);
 * commands.stop();
 * ```
 */
export class CommandHost {
  readonly #program: string;
  #child: ChildProcess | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param program path of its module */
  constructor(program: string) {
    this.#program = program;
  }

  /**
   * Runs it once, after the runs before.
   *
   * @param env more variables of the environment
   * @throws {Error} when the process dies, with what it said
   */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const result = this.#last.then(() => this.#run(args, env));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Ends the process; a later run starts another. */
  stop(): void {
    this.#child?.kill();
    this.#child = null;
  }

  #run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult> {
    this.#child ??= fork(host, [this.#program], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const child = this.#child;
    let complaint = '';
    const listen = (text: Buffer) => {
      complaint += text;
    };
    return new Promise<CommandResult>((resolve, reject) => {
      const died = (status: number | null) => {
        this.#child = null;
        reject(new Error(`${this.#program} ended with ${status}: ${complaint}`));
      };
      child.stderr!.on('data', listen);
      child.once('error', reject);
      child.once('exit', died);
      child.once('message', (result) => {
        child.off('exit', died);
        child.off('error', reject);
        child.stderr!.off('data', listen);
        resolve(result as CommandResult);
      });
      child.send({ args, env });
    });
  }
}
