// What runs in the worker threads of a WorkerPoolEvaluator.
import { parentPort, workerData } from 'node:worker_threads';
import type { EvaluatorSettings } from './evaluation/evaluator-settings.js';
import { InProcessEvaluator } from './evaluation/in-process-evaluator.js';
import type { Answer, Call } from './evaluation/protocol.js';

const port = parentPort;
if (!port) throw new Error('This file is run by WorkerPoolEvaluator, in a worker thread.');
const say = (answer: Answer) => port.postMessage(answer);

async function tell(work: () => Promise<Answer>): Promise<void> {
  try {
    say(await work());
  } catch (error) {
    say({ kind: 'failure', message: error instanceof Error ? error.message : String(error) });
  }
}

let evaluator: InProcessEvaluator | null = null;
await tell(async () => {
  evaluator = await InProcessEvaluator.load(workerData as EvaluatorSettings);
  return { kind: 'answer', answer: evaluator.model };
});

port.on('message', async (call: Call) => {
  if (evaluator === null || call.method === 'close') {
    await evaluator?.close();
    port.close(); // nothing keeps the thread alive then
    return;
  }
  const own = evaluator;
  await tell(async () => ({
    kind: 'answer',
    answer:
      call.method === 'measure'
        ? await own.measure(call.prompts, call.kind)
        : await own.evaluate(call.slice),
  }));
});
