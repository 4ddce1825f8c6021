import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { EnvironmentError } from '../environment-error.js';
import { type RolloutJob, type RolloutResult, RolloutRunner } from './rollout.js';

export interface RolloutPoolOptions {
  /** Threads; 0 runs the episodes in this one. */
  readonly workers: number;
  /**
   * The script of the threads, for programs that are bundled without a `node_modules` folder.
   * @defaultValue `@namm/environments/worker`
   */
  readonly workerFile?: URL;
}

/** What a thread says about the job that it was given. */
export type RolloutAnswer = { readonly result: RolloutResult } | { readonly failure: string };

/** Runs episodes in worker threads; whatever the number of threads, the results are the same. */
export class RolloutPool {
  readonly #threads: readonly RolloutThread[];
  readonly #runner = new RolloutRunner();

  constructor({ workers, workerFile }: RolloutPoolOptions) {
    this.#threads = Array.from({ length: workers }, () => new RolloutThread(workerFile));
  }

  /**
   * @returns the results in the order of the jobs
   * @throws {EnvironmentError} when a thread fails, with its message
   */
  async run(jobs: readonly RolloutJob[], signal?: AbortSignal): Promise<RolloutResult[]> {
    const results: RolloutResult[] = Array(jobs.length);
    let next = 0;
    const work = async (perform: (job: RolloutJob) => Promise<RolloutResult>) => {
      while (next < jobs.length) {
        signal?.throwIfAborted();
        const index = next++;
        results[index] = await perform(jobs[index]!);
      }
    };
    if (this.#threads.length === 0) await work((job) => this.#runner.run(job));
    else await Promise.all(this.#threads.map((thread) => work((job) => thread.run(job))));
    return results;
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.#runner.release();
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/** The caller's end of a thread; one job at a time. */
class RolloutThread {
  readonly #worker: Worker;
  #pending: { resolve: (result: RolloutResult) => void; reject: (error: Error) => void } | null =
    null;
  #death: Error | null = null;

  constructor(workerFile: URL | undefined) {
    const file = workerFile ?? createRequire(import.meta.url).resolve('@namm/environments/worker');
    this.#worker = new Worker(file);
    this.#worker.on('message', (answer: RolloutAnswer) => {
      const pending = this.#pending;
      this.#pending = null;
      if ('result' in answer) pending?.resolve(answer.result);
      else pending?.reject(new EnvironmentError('rollout', answer.failure));
    });
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#worker.on('exit', () => {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      this.#death = new EnvironmentError('rollout', `a worker thread has ended${why}`, { cause });
      this.#pending?.reject(this.#death);
    });
  }

  run(job: RolloutJob): Promise<RolloutResult> {
    if (this.#death) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage(job);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
