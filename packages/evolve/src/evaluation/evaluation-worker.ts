import { SHARE_ENV, Worker } from 'node:worker_threads';
import { NammError } from '@namm/core';
import type { Answer, Call } from './protocol.js';

/** A worker thread failed or ended. */
export class EvaluationWorkerError extends NammError {
  /** Whether the thread has ended; it may be replaced. */
  readonly hasEnded: boolean;

  constructor(problem: string, hasEnded: boolean) {
    super('EVALUATION_WORKER', `A worker thread of the evolution ${problem}`);
    this.hasEnded = hasEnded;
  }
}

/** The caller's end of a worker thread; one call at a time. */
export class EvaluationWorker {
  /** That of its assessor. */
  version = '';
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #pending: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  #death: EvaluationWorkerError | null = null;

  private constructor(script: URL, settings: unknown) {
    // its runtime says in the environment that it sends no telemetry, which the runtime reads in the process's own
    this.#worker = new Worker(script, { workerData: settings, env: SHARE_ENV });
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    let cause = '';
    this.#worker.on('error', (error) => {
      cause = ` (${error instanceof Error ? error.message : String(error)})`;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#death = new EvaluationWorkerError(`has ended${cause}`, true);
        this.#pending?.reject(this.#death);
        resolve();
      });
    });
  }

  /**
   * Starts a thread, and waits until its assessor is ready.
   *
   * @throws {EvaluationWorkerError} when that fails, with what the thread said
   */
  static async start(script: URL, settings: unknown): Promise<EvaluationWorker> {
    const worker = new EvaluationWorker(script, settings);
    try {
      worker.version = (await worker.#next()) as string;
    } catch (error) {
      await worker.close();
      throw error;
    }
    return worker;
  }

  /** @throws {EvaluationWorkerError} when the thread fails, or ends before it answers */
  async call(call: Call): Promise<unknown> {
    const answer = this.#next();
    this.#worker.postMessage(call);
    return answer;
  }

  /** Ends the thread when it has done what it is doing: native code may abort the process when it is stopped. */
  async close(): Promise<void> {
    this.#worker.postMessage({ method: 'close' } satisfies Call);
    await this.#exited;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#death) {
        reject(this.#death);
        return;
      }
      this.#pending = {
        resolve: (answer) => {
          if (answer.kind === 'failure') {
            reject(new EvaluationWorkerError(`failed: ${answer.message}`, false));
          } else resolve(answer.answer);
        },
        reject,
      };
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve(answer);
  }
}
