import { parentPort, workerData } from 'node:worker_threads';
import { InvalidArgumentError } from '@namm/core';
import type { Assessor } from './assessor.js';
import type { Slice } from './evaluator.js';
import { InProcessEvaluator } from './in-process-evaluator.js';
import type { Answer, Call } from './protocol.js';

/**
 * Called by the script of a {@link WorkerPoolEvaluator}'s threads: evaluates incoming slices until the pool is closed.
 *
 * @param load makes the assessor from the pool's settings
 * @throws {InvalidArgumentError} outside of a worker thread
 * @example
 * ```ts
 * // controller-worker.ts
 * import { serveEvaluations } from '@namm/evolve';
 * await serveEvaluations(async (settings) => new ControllerAssessor(settings as ControllerSettings));
 * ```
 */
export async function serveEvaluations<Unit, Score, Request>(
  load: (settings: unknown) => Promise<Assessor<Unit, Score, Request>>,
): Promise<void> {
  const port = parentPort;
  if (!port) {
    throw new InvalidArgumentError(
      'serveEvaluations',
      'is called by the script of a worker thread',
    );
  }
  const tell = async (work: () => Promise<Answer>): Promise<void> => {
    try {
      port.postMessage(await work());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ kind: 'failure', message } satisfies Answer);
    }
  };
  let evaluator: InProcessEvaluator<Unit, Score, Request> | null = null;
  await tell(async () => {
    evaluator = new InProcessEvaluator(await load(workerData));
    return { kind: 'answer', answer: evaluator.version };
  });
  port.on('message', async (call: Call) => {
    const own = evaluator;
    if (own === null || call.method === 'close') {
      await own?.close();
      port.close(); // nothing keeps the thread alive then
      return;
    }
    await tell(async () => ({
      kind: 'answer',
      answer:
        call.method === 'prepare'
          ? await own.prepare(call.request as Request)
          : await own.evaluate(call.slice as Slice<Unit>),
    }));
  });
}
