// Run in a process of its own, to be killed: evolves in threads, and says when a slice is done.
import { pathToFileURL } from 'node:url';
import { evolve, WorkerPoolEvaluator } from '../src/index.js';
import {
  controllerProblem,
  controllerSearch,
  type Episode,
  type Measurement,
  type Outcome,
} from './controller.js';

const [folder, worker] = process.argv.slice(2) as [string, string];
const evaluator = await WorkerPoolEvaluator.start<Episode, Outcome, Measurement>({
  ...{ script: pathToFileURL(worker), workers: 2 },
});
await evolve({
  ...{ folder, problem: controllerProblem(), evaluator, search: controllerSearch },
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
await evaluator.close();
