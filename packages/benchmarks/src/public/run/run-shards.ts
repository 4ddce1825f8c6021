import { parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads';
import { checkInteger, checkNames, NammError, type ProgressListener } from '@namm/core';
import type { LineStore } from '../../compare/line-store.js';
import type { PublicResult, ResultStore } from './public-result.js';
import type { RunBenchmarksOptions } from './run-benchmarks.js';

/** Options of {@link runShards}. */
export interface RunShardsOptions {
  /** Script of a thread; it calls {@link serveShard}. */
  readonly script: URL;
  /** Number of threads; each loads its own model. */
  readonly workers: number;
  /** Data for the script, such as the plan of the run; cloned. */
  readonly data: unknown;
  readonly store: LineStore<PublicResult>;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What of {@link RunBenchmarksOptions} a thread goes by, so that the others do the rest. */
export type Shard = Required<
  Pick<RunBenchmarksOptions, 'nextPiece' | 'onProgress' | 'signal'> & { store: ResultStore }
>;

interface ShardStart {
  readonly data: unknown;
  /** `[1]` Int32: pieces that have been taken. */
  readonly taken: SharedArrayBuffer;
  readonly known: readonly (readonly [key: string, value: PublicResult])[];
}

type FromShard =
  | { readonly kind: 'asked'; readonly total: number }
  | { readonly kind: 'result'; readonly key: string; readonly value: PublicResult }
  | { readonly kind: 'failure'; readonly code: string; readonly message: string };

type ToShard =
  | { readonly kind: 'stored'; readonly key: string; readonly problem: string | null }
  | { readonly kind: 'stop' };

/**
 * Asks the prompts of a run in worker threads. Each takes the next piece of work when it has finished one, so that all
 * are busy to the end. Results go to a single store before their thread's next prompt begins, and prompts already in
 * the store are not asked again. Afterwards `runBenchmarks` finds everything in the store, in the order of a
 * single-threaded run.
 *
 * @throws {NammError} the first error of a thread, once the others have ended
 * @throws the signal's reason when it is aborted
 */
export async function runShards(options: RunShardsOptions): Promise<void> {
  const { script, workers, data, store, onProgress, signal } = checkNames('runShards', options, [
    ...(['script', 'workers', 'data', 'store', 'onProgress', 'signal'] as const),
  ]);
  checkInteger('workers', workers, 1);
  signal?.throwIfAborted();
  const taken = new SharedArrayBuffer(4);
  const start: ShardStart = { data, taken, known: store.entries() };
  let [done, problem] = [0, null as NammError | null];
  // its runtime says in the environment that it sends no telemetry, which the runtime reads in the process's own
  const threads = Array.from(
    { length: workers },
    () => new Worker(script, { workerData: start, env: SHARE_ENV }),
  );
  const stop = () => {
    for (const thread of threads) thread.postMessage({ kind: 'stop' } satisfies ToShard);
  };
  const fail = (code: string, message: string) => {
    problem ??= new NammError(code, message);
    stop();
  };
  signal?.addEventListener('abort', stop, { once: true });
  const ends = threads.map((thread) => {
    thread.on('message', async (message: FromShard) => {
      if (message.kind === 'asked') {
        done++;
        onProgress?.({ stage: 'prompts', done, total: message.total });
      } else if (message.kind === 'result') {
        const { key, value } = message;
        const answer = await store
          .get(key, async () => value)
          .then(
            () => null,
            (error: unknown) => String((error as Error).message),
          );
        thread.postMessage({ kind: 'stored', key, problem: answer } satisfies ToShard);
      } else fail(message.code, message.message);
    });
    thread.on('error', (error) => {
      fail('SHARD_DIED', `A worker thread of the run has died: ${(error as Error).message}`);
    });
    return new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  });
  await Promise.all(ends);
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (problem !== null) throw problem;
}

/**
 * Called by the script of a thread of {@link runShards}.
 *
 * @param run runs the shard with `runBenchmarks` and the data that the threads were started with
 * @example
 * ```ts
 * await serveShard(async (plan, shard) => {
 *   const { close, ...ready } = await open(plan as Plan);
 *   await runBenchmarks({ ...ready, ...shard }).finally(close);
 * });
 * ```
 */
export async function serveShard(
  run: (data: unknown, shard: Shard) => Promise<void>,
): Promise<void> {
  const port = parentPort!;
  const tell = (message: FromShard) => port.postMessage(message);
  const { data, taken, known } = workerData as ShardStart;
  const counter = new Int32Array(taken);
  const values = new Map(known);
  const waiting = new Map<string, (problem: string | null) => void>();
  const controller = new AbortController();
  port.on('message', (message: ToShard) => {
    if (message.kind === 'stop') controller.abort(new Error('stopped'));
    else waiting.get(message.key)?.(message.problem);
  });
  const store: ResultStore = {
    has: (key) => values.has(key),
    async get(key, make) {
      const found = values.get(key);
      if (found !== undefined) return found;
      const value = await make();
      const problem = await new Promise<string | null>((resolve) => {
        waiting.set(key, resolve);
        tell({ kind: 'result', key, value });
      });
      waiting.delete(key);
      if (problem !== null) throw new Error(problem);
      values.set(key, value);
      return value;
    },
  };
  const shard: Shard = {
    nextPiece: () => Atomics.add(counter, 0, 1),
    ...{ store, signal: controller.signal },
    onProgress: ({ total }) => tell({ kind: 'asked', total: total ?? 0 }),
  };
  try {
    await run(data, shard);
  } catch (error) {
    if (!controller.signal.aborted) {
      const message = error instanceof Error ? error.message : String(error);
      const code = NammError.isInstance(error) ? error.code : 'SHARD_FAILED';
      tell({ kind: 'failure', code, message });
    }
  } finally {
    port.close(); // nothing keeps the thread alive then
  }
}
