import { cpus, loadavg } from 'node:os';
import { parameterCount, publishedBam } from '@namm/bam';
import { hasRelaxedSimd, Random } from '@namm/core';
import { type Command, InvalidArgumentError } from 'commander';
import { measureScorers, type ScorerRow } from './measure-scorers.js';
import { headsPerCall, scorerContenders } from './scorer-contenders.js';

interface Options {
  tokens: number;
  heads: number;
  rounds: number;
  deviation: number;
  seed: number;
}

const count = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`'${text}' is not a whole number above 0.`);
};

const positive = (text: string): number => {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`'${text}' is not a number above 0.`);
};

/** Adds `scorer`: BAM on the kernel, in plain TypeScript and on ONNX Runtime, one thread each. */
export function addScorerCommand(program: Command): void {
  program
    .command('scorer')
    .description('measure the BAM kernel next to its plain twin and to ONNX Runtime')
    .option('--tokens <count>', 'cached tokens per head', count, 1024)
    .option('--heads <count>', `layers × heads, a multiple of ${headsPerCall}`, count, 192)
    .option('--rounds <count>', 'measurements of each', count, 5)
    .option('--deviation <number>', 'standard deviation of the parameters', positive, 0.065)
    .option('--seed <seed>', 'seed of parameters and features', count, 1)
    .action(scorer);
}

async function scorer({ tokens, heads, rounds, deviation, seed }: Options): Promise<void> {
  if (heads % headsPerCall !== 0) throw new Error(`--heads must be a multiple of ${headsPerCall}`);
  const load = loadavg().map((value) => value.toFixed(1));
  const random = new Random(seed);
  const normals = (length: number, scale: number) =>
    Float32Array.from({ length }, () => scale * random.normal());
  const parameters = normals(parameterCount(publishedBam), deviation);
  const features = normals(heads * tokens * publishedBam.features, 1);
  const contenders = await scorerContenders(parameters, tokens);
  const rows = await measureScorers(contenders, features, tokens, rounds);
  const processors = cpus();
  console.log(
    `BAM, ${tokens} tokens × ${heads} heads, parameters of deviation ${deviation}; one thread, CPU time, medians of ${rounds}.`,
  );
  console.log(`The kernel runs ${hasRelaxedSimd() ? 'with' : 'without'} relaxed SIMD.`);
  console.log(
    `${processors[0]?.model ?? 'unknown CPU'}, ${processors.length} cores, Node ${process.versions.node}; load before: ${load.join(' ')}.\n`,
  );
  console.log(formatRows(rows, heads));
}

function formatRows(rows: readonly ScorerRow[], heads: number): string {
  const kernel = rows[0]!.median;
  const lines = rows.map(({ name, median, spread }) => [
    name,
    median.toFixed(2),
    `${(100 * spread).toFixed(0)} %`,
    ((median * heads) / 1000).toFixed(2),
    (median / kernel).toFixed(2),
  ]);
  const table = [['scorer', 'ms/head', '±', `s/${heads} heads`, '× kernel'], ...lines];
  const widths = table[0]!.map((_, column) =>
    Math.max(...table.map((line) => line[column]!.length)),
  );
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const [headings, ...others] = table.map((line) => `| ${line.map(pad).join(' | ')} |`);
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [headings, `| ${rule.join(' | ')} |`, ...others].join('\n');
}
