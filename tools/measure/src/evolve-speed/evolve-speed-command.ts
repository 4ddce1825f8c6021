import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count, describeMachine, listOf, StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { mean, median } from '@namm/statistics';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { type CaseGroup, type CaseOptions, makeCases } from './cases.js';
import { checkAgreement } from './check-agreement.js';
import type { EvaluationFigures } from './start-torch-peer.js';

const status = new StatusLine();

interface Options extends CaseOptions {
  readonly intervals: readonly number[];
  readonly rounds: number;
}

const shares = (text: string): number[] =>
  text.split(',').map((part) => {
    const value = Number(part);
    if (value > 0 && value <= 1) return value;
    throw new InvalidArgumentError(`'${part}' is not above 0 and at most 1.`);
  });

/** Adds `evolve-speed`: prompt tokens per second under a population of NAMMs, beside a PyTorch loop. */
export function addEvolveSpeedCommand(program: Command): void {
  program
    .command('evolve-speed')
    .description('measure how fast a population of NAMMs reads prompts on the bundled model')
    .option('--python <program>', 'a Python with torch and safetensors: measures the peer too')
    .option('--length <tokens>', 'tokens of a prompt', count, 1024)
    .option('--members <count>', 'NAMMs of the population', count, 12)
    .option('--prompts <count>', 'prompts that each of them reads', count, 1)
    .option('--intervals <list>', 'tokens from one update to the next', listOf(count), [64, 128])
    .option('--shares <list>', 'shares of the rows that are kept, about', shares, [1, 0.3, 0.1])
    .option('--rounds <count>', 'measurements of each', count, 5)
    .option('--seed <seed>', 'seed of prompts and parameters', count, 1)
    .action(evolveSpeed);
}

async function evolveSpeed(options: Options): Promise<void> {
  const { length, members, prompts, rounds } = options;
  const machine = describeMachine();
  const work = await mkdtemp(join(tmpdir(), 'namm-evolve-speed-'));
  const groups: CaseGroup[] = [];
  try {
    for (const interval of options.intervals) {
      status.show(`making a population for updates every ${interval} tokens`);
      groups.push(await makeCases(join(work, `${interval}.safetensors`), interval, options));
    }
    const rows: string[][] = [];
    for (const one of groups.flatMap(({ cases }) => cases)) {
      const ours: EvaluationFigures[] = [];
      const peers: EvaluationFigures[] = [];
      for (let round = 0; round <= rounds; round++) {
        status.show(`updates every ${one.interval}, kept ${one.share ?? 'all'}: round ${round}`);
        const sides = [async () => ours.push(await one.ours())];
        if (one.peers) sides.push(async () => peers.push(await one.peers!()));
        if (round % 2) sides.reverse();
        for (const side of sides) await side();
        if (one.peers && round === 0) checkAgreement(one, ours[0]!, peers[0]!);
      }
      // The first round warms up.
      const seconds = (figures: readonly EvaluationFigures[]) =>
        figures.slice(1).map((figure) => figure.seconds);
      const rate = (figures: readonly EvaluationFigures[]) =>
        ((members * prompts * length) / median(seconds(figures))).toFixed(0);
      rows.push([
        one.share === null ? 'full cache' : 'NAMM',
        String(one.interval),
        mean(ours[0]!.kept).toFixed(2),
        rate(ours),
        ...(one.peers
          ? [rate(peers), formatInterval(ratioOfMedians(seconds(peers), seconds(ours)))]
          : ['-', '-']),
      ]);
    }
    status.clear();
    const peer = groups[0]?.peerName;
    console.log(
      `${members} members × ${prompts} prompts of ${length} tokens, ${rounds} rounds in turns;`,
    );
    console.log(
      `prompt tokens per second of CPU time, one thread, medians${peer ? `; ${peer}` : ''}.`,
    );
    console.log(`${machine}.\n`);
    console.log(textTable(['cache', 'interval', 'kept', 'ours', 'PyTorch', 'ratio'], rows));
  } finally {
    status.clear();
    for (const group of groups) await group.release();
    await rm(work, { recursive: true });
  }
}
