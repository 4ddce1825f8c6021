import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MeasurementError } from './measurement-error.js';

/**
 * A script of `recipes/peers` in a process of its own that lives as long as it is measured: a line of JSON in, a line of
 * JSON out.
 */
export class PythonPeer<Request extends object, Answer> {
  /** Its version. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>, name: string) {
    this.#process = process;
    this.#lines = lines;
    this.name = name;
  }

  /**
   * @param python the program
   * @param file in `recipes/peers`
   * @param setup what it is to know before it is measured
   * @throws {MeasurementError} when it cannot run
   */
  static async start<Request extends object, Answer>(
    python: string,
    file: string,
    setup: object,
  ): Promise<PythonPeer<Request, Answer>> {
    const script = fileURLToPath(
      new URL(`../../../recipes/peers/${file}`, import.meta.url), // from tools/measure/dist
    );
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = once(child, 'error').then(([cause]) => {
      const problem = `${python} ${script} could not run; it needs the packages of requirements.txt beside it`;
      throw new MeasurementError(problem, { cause });
    });
    failed.catch(() => {}); // told by whoever waits for an answer
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stdin!.on('error', () => {}); // the missing answer says it
    const answer = ask<{ name: string }>(child, lines, { kind: 'load', ...setup });
    return new PythonPeer(child, lines, (await Promise.race([answer, failed])).name);
  }

  /** @throws {MeasurementError} when it ends without an answer */
  measure(request: Request): Promise<Answer> {
    return ask(this.#process, this.#lines, { kind: 'measure', ...request });
  }

  stop(): void {
    this.#process.stdin!.end();
  }
}

async function ask<Answer>(
  { stdin }: ChildProcess,
  lines: AsyncIterator<string>,
  request: object,
): Promise<Answer> {
  stdin!.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new MeasurementError('the PyTorch peer ended without an answer; see above');
  return JSON.parse(value);
}
