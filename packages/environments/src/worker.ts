// What runs in the worker threads of a RolloutPool.
import { parentPort } from 'node:worker_threads';
import { type RolloutJob, RolloutRunner } from './training/rollout.js';
import type { RolloutAnswer } from './training/rollout-pool.js';

const port = parentPort;
if (!port) throw new Error('This file is run in a worker thread, by RolloutPool.');

const runner = new RolloutRunner();
port.on('message', async (job: RolloutJob) => {
  const say = (answer: RolloutAnswer) => port.postMessage(answer);
  try {
    say({ result: await runner.run(job) });
  } catch (error) {
    say({ failure: error instanceof Error ? error.message : String(error) });
  }
});
