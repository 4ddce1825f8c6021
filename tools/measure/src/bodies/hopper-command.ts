import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, listOf, StatusLine } from '@namm/cli';
import { AgentPlayer, createContender } from '@namm/control';
import { agentFolder } from '@namm/models';
import { textTable } from '@namm/report';
import { mean } from '@namm/statistics';
import { type Elapsed, startStopwatch } from '../measuring/stopwatch.js';
import { type HopperEpisode, playHopper } from './play-hopper.js';

interface Options {
  readonly policies: string[];
  readonly budget: number;
  readonly episodes: number;
  readonly steps: number;
  readonly json?: boolean;
}

/** All episodes of a policy. */
interface Row {
  readonly policy: string;
  readonly time: Elapsed;
  readonly episodes: readonly HopperEpisode[];
}

/** Adds `hopper`: how long episodes of an agent take, its body's physics included. */
export function addHopperCommand(program: Command): void {
  program
    .command('hopper')
    .description('time whole episodes of hopper-agent, physics included, on one thread')
    .option(
      '--policies <list>',
      'policies, as in rl evaluate',
      listOf(String),
      ['newest-steps:20', 'h2o', 'full', 'window:20'], // from the fastest on
    )
    .option('--budget <rows>', 'rows per head', count, 60)
    .option('--episodes <count>', 'episodes per policy', count, 100)
    .option('--steps <count>', 'steps per episode, at most 1,000', count, 1000)
    .option('--json', 'print one object of JSON')
    .action(hopper);
}

async function hopper({ json, ...options }: Options): Promise<void> {
  const { policies, budget, episodes, steps } = options;
  const machine = describeMachine();
  const status = new StatusLine();
  const contenders = await Promise.all(policies.map((name) => createContender(name, { budget })));
  const rows: Row[] = [];
  try {
    for (const contender of contenders) {
      const { name, probe } = contender;
      const agent = agentFolder('hopper-agent');
      const player = await AgentPlayer.open({ agent, environment: { name: 'hopper' }, probe });
      const played: HopperEpisode[] = [];
      const elapsed = startStopwatch();
      for (let seed = 0; seed < episodes; seed++) {
        status.show(`${name}: ${seed} of ${episodes}`);
        played.push(await playHopper(player, contender, seed, steps));
      }
      rows.push({ policy: name, time: elapsed(), episodes: played });
      await player.release();
    }
  } finally {
    status.clear();
  }
  if (json) {
    console.log(JSON.stringify({ machine, settings: options, rows }));
    return;
  }
  const size = `${episodes.toLocaleString('en')} episodes of ${steps.toLocaleString('en')} steps`;
  console.log(`${size}, hopper-agent (64 wide), physics included, one thread.\n${machine}.\n`);
  console.log(formatRows(rows, episodes * steps));
  console.log('\nA hopper that falls is set upright, and its episode continues.');
  console.log('others: cores that other processes used.');
}

function formatRows(rows: readonly Row[], steps: number): string {
  return textTable(
    ['kept', 'rows at the end', 'falls', 'CPU s', 'wall s', 'ms CPU/step', 'others'],
    rows.map(({ policy, time: { cpu, wall, others }, episodes }) => [
      policy,
      mean(episodes.map((each) => each.rows)).toFixed(1),
      mean(episodes.map(({ falls }) => falls)).toFixed(1),
      ...[cpu.toFixed(1), wall.toFixed(1)],
      ((1000 * cpu) / steps).toFixed(2),
      (others / wall).toFixed(2),
    ]),
  );
}
