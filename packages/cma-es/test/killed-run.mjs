// Evolves on the ellipsoid with several models in turns, and saves the state of one after every single result. Killed at
// any moment and started again, it goes on. Arguments: folder of the states, options by name as JSON, generations.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@namm/core';
import { CmaEs } from '../dist/index.js';

const [folder, models, generations] = process.argv.slice(2);
const ellipsoid = (x) => x.reduce((sum, v, i) => sum + 1e6 ** (i / (x.length - 1)) * v * v, 0);

mkdirSync(folder, { recursive: true });
const runs = Object.entries(JSON.parse(models)).map(([name, options]) => {
  const path = join(folder, name);
  const strategy = existsSync(path)
    ? CmaEs.load(new Uint8Array(readFileSync(path)))
    : new CmaEs({ mean: [3, 1, -2, 2, 1, 1], sigma: 1, seed: 5, ...options });
  return { path, strategy };
});
const isOpen = ({ strategy }) => strategy.generation < Number(generations);
while (runs.some(isOpen)) {
  for (const { path, strategy } of runs.filter(isOpen)) {
    const { id, parameters } = strategy.pending()[0];
    strategy.tell([{ id, fitness: ellipsoid(parameters) }]);
    await writeFileAtomic(path, strategy.save());
  }
}
