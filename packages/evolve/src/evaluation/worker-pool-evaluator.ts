import type { PreparedSample } from '@namm/benchmarks';
import { InvalidArgumentError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import type { NormaliserKind } from '../trainables/create-collector.js';
import { EvaluationWorker, EvaluationWorkerError } from './evaluation-worker.js';
import type { Evaluator, FailedScore, MemberScore, Slice, SliceScores } from './evaluator.js';
import type { EvaluatorSettings } from './evaluator-settings.js';
import type { Call } from './protocol.js';

/** Options of {@link WorkerPoolEvaluator.start}. */
export interface WorkerPoolOptions {
  /** Worker threads; each has the model to itself. */
  readonly workers: number;
  /**
   * The script of the threads, for programs that are bundled without a `node_modules` folder.
   * @defaultValue `@namm/evolve/worker`
   */
  readonly workerFile?: URL;
}

/**
 * Evaluates in worker threads, a slice in each. A thread that ends is replaced, and what it was doing is done
 * once more; if that ends a thread again, each member is evaluated by itself, and those that end their
 * threads twice have failed.
 */
export class WorkerPoolEvaluator implements Evaluator {
  readonly concurrency: number;
  readonly model: string;
  readonly #start: () => Promise<EvaluationWorker>;
  readonly #idle: EvaluationWorker[];
  readonly #waiting: ((worker: EvaluationWorker) => void)[] = [];

  private constructor(workers: EvaluationWorker[], start: () => Promise<EvaluationWorker>) {
    this.concurrency = workers.length;
    this.model = workers[0]!.model;
    this.#idle = workers;
    this.#start = start;
  }

  /**
   * @throws {InvalidArgumentError} when the number of workers is no whole number above 0
   * @throws {EvaluationWorkerError} when a thread cannot load the model
   */
  static async start(
    settings: EvaluatorSettings,
    { workers, workerFile }: WorkerPoolOptions,
  ): Promise<WorkerPoolEvaluator> {
    if (!Number.isSafeInteger(workers) || workers < 1) {
      throw new InvalidArgumentError('workers', `${workers} is not a whole number above 0`);
    }
    const start = () => EvaluationWorker.start(settings, workerFile);
    const started: EvaluationWorker[] = [];
    try {
      for (let i = 0; i < workers; i++) started.push(await start());
    } catch (error) {
      await Promise.all(started.map((worker) => worker.close()));
      throw error;
    }
    return new WorkerPoolEvaluator(started, start);
  }

  async measure(prompts: readonly PreparedSample[], kind: NormaliserKind): Promise<Normaliser> {
    return (await this.#call({ method: 'measure', prompts, kind })) as Normaliser;
  }

  async evaluate(slice: Slice): Promise<SliceScores> {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#call({ method: 'evaluate', slice })) as SliceScores;
      } catch (error) {
        if (!(error instanceof EvaluationWorkerError)) throw error;
        if (attempt === 1) return this.#oneByOne(slice, error);
      }
    }
  }

  async close(): Promise<void> {
    const workers: EvaluationWorker[] = [];
    while (workers.length < this.concurrency) workers.push(await this.#take());
    await Promise.all(workers.map((worker) => worker.close()));
  }

  async #oneByOne(slice: Slice, error: EvaluationWorkerError): Promise<SliceScores> {
    const { normaliser, prompts, members } = slice;
    if (prompts.length * members.length === 1) return [[{ failed: error.message }]];
    const rows: (MemberScore | FailedScore)[][] = [];
    for (const prompt of prompts) {
      const row: (MemberScore | FailedScore)[] = [];
      for (const member of members) {
        const alone = { normaliser, prompts: [prompt], members: [member] };
        row.push((await this.evaluate(alone))[0]![0]!);
      }
      rows.push(row);
    }
    return rows;
  }

  async #call(call: Call): Promise<unknown> {
    let worker = await this.#take();
    try {
      return await worker.call(call);
    } catch (error) {
      if (error instanceof EvaluationWorkerError && error.hasEnded) {
        worker = await this.#start();
      }
      throw error;
    } finally {
      this.#giveBack(worker);
    }
  }

  #take(): Promise<EvaluationWorker> {
    const worker = this.#idle.pop();
    if (worker) return Promise.resolve(worker);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(worker: EvaluationWorker): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(worker);
    else this.#idle.push(worker);
  }
}
