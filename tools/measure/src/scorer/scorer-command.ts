import type { Command } from '@commander-js/extra-typings';
import { parameterCount, publishedBam } from '@namm/bam';
import { count, describeMachine, positiveNumber } from '@namm/cli';
import { hasRelaxedSimd, Random } from '@namm/core';
import { textTable } from '@namm/report';
import { measureScorers, type ScorerRow } from './measure-scorers.js';
import { headsPerCall, scorerContenders } from './scorer-contenders.js';

interface Options {
  tokens: number;
  heads: number;
  rounds: number;
  deviation: number;
  seed: number;
}

/** Adds `scorer`: BAM on the kernel, in plain TypeScript and on ONNX Runtime, one thread each. */
export function addScorerCommand(program: Command): void {
  program
    .command('scorer')
    .description('measure the BAM kernel next to its plain twin and to ONNX Runtime')
    .option('--tokens <count>', 'cached tokens per head', count, 1024)
    .option('--heads <count>', `layers × heads, a multiple of ${headsPerCall}`, count, 192)
    .option('--rounds <count>', 'measurements of each', count, 5)
    .option('--deviation <number>', 'standard deviation of the parameters', positiveNumber, 0.065)
    .option('--seed <seed>', 'seed of parameters and features', count, 1)
    .action(scorer);
}

async function scorer({ tokens, heads, rounds, deviation, seed }: Options): Promise<void> {
  if (heads % headsPerCall !== 0) throw new Error(`--heads must be a multiple of ${headsPerCall}`);
  const machine = describeMachine();
  const random = new Random(seed);
  const normals = (length: number, scale: number) =>
    Float32Array.from({ length }, () => scale * random.normal());
  const parameters = normals(parameterCount(publishedBam), deviation);
  const features = normals(heads * tokens * publishedBam.features, 1);
  const contenders = await scorerContenders(parameters, tokens);
  const rows = await measureScorers(contenders, features, tokens, rounds);
  console.log(
    `BAM, ${tokens} tokens × ${heads} heads, parameters of deviation ${deviation}; one thread, CPU time, medians of ${rounds}.`,
  );
  console.log(`The kernel runs ${hasRelaxedSimd() ? 'with' : 'without'} relaxed SIMD.`);
  console.log(`${machine}.
`);
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
  return textTable(['scorer', 'ms/head', '±', `s/${heads} heads`, '× kernel'], lines);
}
