// Searches a space of mixed parameters, three evaluations at once, and keeps its state. Killed at any moment and started
// again, it goes on. Argument: state file.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { writeFileAtomic } from '@namm/core';
import { CmaEs, optimise, SearchSpace } from '../dist/index.js';

const [path] = process.argv.slice(2);
const space = new SearchSpace({
  rate: { kind: 'log', low: 1e-5, high: 1e-1 },
  layers: { kind: 'integer', low: 1, high: 8 },
  optimiser: { kind: 'categorical', choices: ['sgd', 'adam', 'lion'] },
});

async function train(point, { index }) {
  const { rate, layers, optimiser } = space.decode(point);
  await wait((index * 7) % 5); // they end in another order than they began
  return Math.log(rate / 3e-4) ** 2 + (layers - 6) ** 2 + (optimiser === 'adam' ? 0 : 1);
}

const strategy = existsSync(path)
  ? space.load(new Uint8Array(readFileSync(path)))
  : new CmaEs({ ...space.options, seed: 5, stop: { maximumGenerations: 40 } });
await optimise(train, strategy, { concurrency: 3, save: (state) => writeFileAtomic(path, state) });
