import { checkInteger, checkNames } from '@namm/core';
import type { NamedTensors } from '../named-tensors.js';
import { EvaluationWorker, EvaluationWorkerError } from './evaluation-worker.js';
import type { Evaluator, Failure, Slice, SliceScores } from './evaluator.js';
import type { Call } from './protocol.js';

/** Options of {@link WorkerPoolEvaluator.start}. */
export interface WorkerPoolOptions {
  /** The script of the threads: it calls `serveEvaluations`. */
  readonly script: URL;
  /** Settings for the script's assessor; copied to the threads. @defaultValue nothing */
  readonly settings?: unknown;
  /** Number of worker threads; each has its own assessor. */
  readonly workers: number;
}

/**
 * Evaluates in worker threads, one slice in each. A thread that dies is replaced and its slice retried. If a thread
 * dies again, each contender is evaluated alone, and those that end their threads twice count as failed.
 *
 * @example
 * ```ts
 * const script = new URL('./controller-worker.js', import.meta.url);
 * const evaluator = await WorkerPoolEvaluator.start<Episode, Outcome>({ script, workers: 2 });
 * ```
 */
export class WorkerPoolEvaluator<Unit, Score, Request = never>
  implements Evaluator<Unit, Score, Request>
{
  readonly concurrency: number;
  readonly version: string;
  readonly #start: () => Promise<EvaluationWorker>;
  readonly #idle: EvaluationWorker[];
  readonly #waiting: ((worker: EvaluationWorker) => void)[] = [];

  private constructor(workers: EvaluationWorker[], start: () => Promise<EvaluationWorker>) {
    this.concurrency = workers.length;
    this.version = workers[0]!.version;
    this.#idle = workers;
    this.#start = start;
  }

  /**
   * Starts the threads one after the other.
   *
   * @throws {InvalidArgumentError} when the number of workers is not a whole number above 0
   * @throws {EvaluationWorkerError} when a thread cannot make its assessor
   */
  static async start<Unit, Score, Request = never>(
    options: WorkerPoolOptions,
  ): Promise<WorkerPoolEvaluator<Unit, Score, Request>> {
    const { script, settings, workers } = checkNames('WorkerPoolEvaluator.start', options, [
      ...(['script', 'settings', 'workers'] as const),
    ]);
    checkInteger('workers', workers, 1);
    const start = () => EvaluationWorker.start(script, settings);
    const started: EvaluationWorker[] = [];
    try {
      for (let i = 0; i < workers; i++) started.push(await start());
    } catch (error) {
      await Promise.all(started.map((worker) => worker.close()));
      throw error;
    }
    return new WorkerPoolEvaluator(started, start);
  }

  async prepare(request: Request): Promise<NamedTensors> {
    return (await this.#call({ method: 'prepare', request })) as NamedTensors;
  }

  async evaluate(slice: Slice<Unit>): Promise<SliceScores<Score>> {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#call({ method: 'evaluate', slice })) as SliceScores<Score>;
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

  async #oneByOne(slice: Slice<Unit>, error: EvaluationWorkerError): Promise<SliceScores<Score>> {
    const { units, contenders } = slice;
    if (units.length * contenders.length === 1) return [[{ failed: error.message }]];
    const rows: (Score | Failure)[][] = [];
    for (const unit of units) {
      const row: (Score | Failure)[] = [];
      for (const contender of contenders) {
        const alone = { ...slice, units: [unit], contenders: [contender] };
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
