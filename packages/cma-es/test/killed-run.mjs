// Evolves on the ellipsoid, and saves its state after every single result. Killed at any moment and started
// again, it goes on. Arguments: state file, model options as JSON, generations.
import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@namm/core';
import { CmaEs } from '../dist/index.js';

const [path, options, generations] = process.argv.slice(2);
const ellipsoid = (x) => x.reduce((sum, v, i) => sum + 1e6 ** (i / (x.length - 1)) * v * v, 0);

const strategy = existsSync(path)
  ? CmaEs.load(new Uint8Array(readFileSync(path)))
  : new CmaEs({ mean: [3, 1, -2, 2, 1, 1], sigma: 1, seed: 5, ...JSON.parse(options) });
while (strategy.generation < Number(generations)) {
  const { id, parameters } = strategy.pending()[0];
  strategy.tell([{ id, fitness: ellipsoid(parameters) }]);
  await writeFileAtomic(path, strategy.save());
}
