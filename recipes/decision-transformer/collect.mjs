/**
 * Writes the data that train.py reads, with @namm/environments. See README.md for the order of the steps.
 *
 *   node collect.mjs t-maze --out DATA
 *   node collect.mjs hopper --out DATA --seed 2 [--steps 400000] [--workers 1]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  collectFromRun,
  collectFromTask,
  trainArs,
} from '../../packages/environments/dist/index.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    seed: { type: 'string', default: '2' },
    steps: { type: 'string', default: '400000' },
    workers: { type: 'string', default: '1' },
  },
});
const out = values.out;
if (!out) throw new Error('--out FOLDER is missing');
const onProgress = ({ stage, done, total }) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${stage} ${done} of ${total}   `);
};
const tell = ({ path, info }) =>
  console.log(path, JSON.stringify(info.returns), `${info.steps} steps`);

if (positionals[0] === 't-maze') {
  // Growing lengths: the cue is found when it is near, and then when it is far.
  for (const [index, [length, episodes]] of [
    [10, 4000],
    [30, 3000],
    [100, 3000],
  ].entries()) {
    const mixture = [
      { agent: 'oracle', share: 2 },
      { agent: 'memoryless', share: 1 },
    ];
    const environment = { name: 't-maze', length };
    const seed = index + 1;
    const folder = join(out, `length-${length}`);
    tell(await collectFromTask({ environment, mixture, episodes, seed, out: folder, onProgress }));
  }
} else if (positionals[0] === 'hopper') {
  const environment = { name: 'hopper' };
  const folder = join(out, `ars-${values.seed}`);
  const workers = Number(values.workers);
  const seed = Number(values.seed);
  const settings = {
    folder,
    environment,
    seed,
    steps: Number(values.steps),
    stepSize: 0.01,
    noise: 0.025,
    shift: 1,
  };
  const run = await trainArs({ ...settings, workers, onProgress });
  for (const { iteration, steps, evaluation } of await run.evaluations()) {
    console.log(`iteration ${iteration}, ${steps} steps: ${evaluation.meanReturn.toFixed(0)}`);
  }
  for (const style of ['replay', 'medium', 'expert']) {
    const steps = style === 'replay' ? Number(values.steps) : 150_000;
    tell(await collectFromRun({ run: folder, style, steps, out, workers, onProgress }));
  }
} else {
  throw new Error(`what to collect: t-maze or hopper, not ${positionals[0]}`);
}
