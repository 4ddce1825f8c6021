import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MeasurementError } from '../measuring/measurement-error.js';

/** What the peer is to know before it is measured. */
export interface PeerSetup {
  readonly folder: string;
  /** Base of the rotation, the context extension included. */
  readonly theta: number;
  /** A safetensors file with `parameters [members, …]`, `mean`, `variance` and `ids [prompts, tokens]`. */
  readonly namms: string;
  readonly decay: number;
}

export interface PeerRequest {
  /** Without NAMMs. */
  readonly full: boolean;
  readonly interval: number;
  readonly offset: number;
}

/** One evaluation of the population, by either side. */
export interface EvaluationFigures {
  /** CPU time. */
  readonly seconds: number;
  /** Share of the tokens that is in the cache in the end, per sequence. */
  readonly kept: readonly number[];
  /** Of the last token, sequence after sequence. */
  readonly logits: readonly number[];
}

const script = fileURLToPath(
  new URL('../../../recipes/peers/evolve_speed.py', import.meta.url), // from tools/measure/dist
);

/** The batched PyTorch loop, in a process of its own that lives as long as it is measured. */
export class TorchPeer {
  /** Its version. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>, name: string) {
    this.#process = process;
    this.#lines = lines;
    this.name = name;
  }

  /** @throws {MeasurementError} when it cannot run */
  static async start(python: string, setup: PeerSetup): Promise<TorchPeer> {
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = once(child, 'error').then(([cause]) => {
      const problem = `${python} ${script} could not run; it needs torch and safetensors`;
      throw new MeasurementError(problem, { cause });
    });
    failed.catch(() => {}); // told by whoever waits for an answer
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stdin!.on('error', () => {}); // the missing answer says it
    const answer = ask<{ name: string }>(child, lines, { kind: 'load', ...setup });
    return new TorchPeer(child, lines, (await Promise.race([answer, failed])).name);
  }

  /** @throws {MeasurementError} when it ends without an answer */
  measure(request: PeerRequest): Promise<EvaluationFigures> {
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
