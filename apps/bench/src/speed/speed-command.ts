import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { compare } from './compare.js';
import { requestOf } from './contenders.js';
import { formatTable } from './format-table.js';
import { measure } from './measure.js';
import { measureCommandName } from './measure-in-process.js';
import { prepareModels } from './prepare-models.js';
import { runRounds } from './run-rounds.js';

interface Options {
  work?: string;
  peer?: string;
  layers: number;
  lengths: number[];
  newTokens: number;
  rounds: number;
  seed: number;
}

const count = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`'${text}' is not a whole number above 0.`);
};

const counts = (text: string): number[] => text.split(',').map(count);

/** Adds `speed`: prefill, decode and memory of the decoder next to transformers.js, one thread each. */
export function addSpeedCommand(program: Command): void {
  program
    .command('speed')
    .description(
      'measure the decoder next to transformers.js with its best graph of the same weights',
    )
    .option('--work <folder>', 'where the models are written, and found again by the next run')
    .option('--peer <folder>', 'another export of the same weights for transformers.js')
    .option('--layers <count>', 'layers of the model', count, 30)
    .option('--lengths <list>', 'tokens of the prompts', counts, [512, 2048])
    .option('--new-tokens <count>', 'decode steps after each prompt', count, 32)
    .option('--rounds <count>', 'measurements of each', count, 3)
    .option('--seed <seed>', 'seed of weights and prompts', count, 1)
    .action(speed);
  program
    .command(measureCommandName, { hidden: true })
    .argument('<request>')
    .action(async (request: string) => {
      console.log(JSON.stringify(await measure(JSON.parse(request))));
    });
}

async function speed(options: Options): Promise<void> {
  const { layers, lengths, newTokens, rounds, seed } = options;
  const load = loadavg().map((value) => value.toFixed(1));
  const folder = options.work ?? join(tmpdir(), `namm-bench-speed-${layers}-layers`);
  onProgress(`writing the models into ${folder}`);
  const prepared = await prepareModels(folder, layers, seed);
  const models = { ...prepared, ...(options.peer ? { peer: options.peer } : {}) };

  const processors = cpus();
  console.log(
    `SmolLM2-135M shape, ${layers} layers, random weights, float32; one thread, CPU time, medians of ${rounds}.`,
  );
  console.log(
    `${processors[0]?.model ?? 'unknown CPU'}, ${processors.length} cores, Node ${process.versions.node}; load before: ${load.join(' ')}.`,
  );
  for (const length of lengths) {
    const sizes = { length, newTokens, seed };
    onProgress(`${length} tokens: do both compute the same?`);
    const ours = requestOf('ours', models, sizes);
    const peer = requestOf('transformers.js', models, sizes);
    const difference = await compare(ours, peer, folder);
    onProgress('');
    console.log(
      `${length} tokens: the same ${newTokens + 1} greedy tokens; logits differ by ${difference.toExponential(1)} at most.`,
    );
  }
  const rows = await runRounds(models, { lengths, rounds, newTokens, seed, onProgress });
  onProgress('');
  console.log(`\n${formatTable(rows)}\n`);
  console.log('×: time of transformers.js over the time of the row. ±: largest − smallest.');
  console.log('25 % kept: sink-recent, which computes something else than the full cache.');
}

function onProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${what}`);
}
