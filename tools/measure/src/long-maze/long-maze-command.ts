import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, fromZero, listOf, StatusLine } from '@namm/cli';
import { AgentPlayer } from '@namm/control';
import { agentFolder, checkpointsIn } from '@namm/models';
import { textTable } from '@namm/report';
import { binomialInterval, mean } from '@namm/statistics';
import { longMazeContenders } from './long-maze-contenders.js';
import { type LongMazeEpisode, marksOf, playLongMaze } from './play-long-maze.js';

interface Options {
  readonly lengths: number[];
  readonly policies: string[];
  readonly budget: number;
  readonly checkpoint?: string;
  readonly episodes: number;
  readonly seed: number;
  readonly whole?: boolean;
  readonly json?: boolean;
}

/** The episodes of a policy in mazes of one length. */
interface Row {
  readonly length: number;
  readonly policy: string;
  readonly episodes: readonly LongMazeEpisode[];
}

/** Steps of a period where a policy has no clock of its own. */
const plainPeriod = 16;

/** Adds `long-maze`: a cue remembered over any number of steps. */
export function addLongMazeCommand(program: Command): void {
  program
    .command('long-maze')
    .description('let t-maze-agent remember a cue in mazes of any length, under bounded memories')
    .option('--lengths <list>', 'lengths of the mazes, in steps', listOf(count), [100_000])
    .option('--policies <list>', 'namm, sink-recent, newest-steps:N, window:N', listOf(String), [
      ...['namm', 'sink-recent', 'newest-steps:20', 'window:20'],
    ])
    .option('--budget <rows>', 'rows per head', count, 48)
    .option('--checkpoint <file>', "NAMM for the policy namm (the agent's)")
    .option('--episodes <count>', 'episodes per policy and length', count, 100)
    .option('--seed <seed>', 'seed of the first episode; each next one adds 1', fromZero, 0)
    .option('--whole', 'also compute steps that are known to repeat')
    .option('--json', 'print one object of JSON')
    .action(longMaze);
}

async function longMaze(options: Options): Promise<void> {
  const { lengths, policies, budget, episodes, seed, json } = options;
  const machine = describeMachine();
  const status = new StatusLine();
  const agent = agentFolder('t-maze-agent');
  const checkpoint = options.checkpoint ?? (checkpointsIn(agent)[0] as string);
  const contenders = await longMazeContenders(policies, budget, checkpoint);
  const work = await mkdtemp(join(tmpdir(), 'namm-long-maze-'));
  const scratch = options.whole ? null : join(work, 'episode.safetensors');
  const rows: Row[] = [];
  try {
    for (const length of lengths) {
      const marks = new Map<number, readonly number[]>();
      for (const contender of contenders) {
        const { name, probe } = contender;
        const environment = { name: 't-maze', length } as const;
        const player = await AgentPlayer.open({ agent, environment, probe });
        const played: LongMazeEpisode[] = [];
        const period = Math.max(plainPeriod, contender.policy(0)?.updateInterval ?? 1);
        for (let i = seed; i < seed + episodes; i++) {
          status.show(`${length} steps, ${name}: ${played.length} of ${episodes}`);
          if (!marks.has(i)) marks.set(i, marksOf(player, length, i));
          played.push(await playLongMaze(player, contender, i, marks.get(i)!, { period, scratch }));
        }
        await player.release();
        rows.push({ length, policy: name, episodes: played });
      }
    }
  } finally {
    status.clear();
    await rm(work, { recursive: true });
  }
  if (json) console.log(JSON.stringify({ machine, settings: options, rows }));
  else console.log(`${machine}.\n\n${formatRows(rows)}\n\n${notes.join('\n')}`);
}

const notes = [
  'Right turns with the exact 95 % interval (Clopper–Pearson). Computed: the share of steps that were; the others repeat',
  'some of them, because the memory was bit for bit what it had been one period before and nothing but the corridor is seen.',
];

function formatRows(rows: readonly Row[]): string {
  const number = (value: number) => value.toLocaleString('en');
  return textTable(
    ['steps', 'policy', 'episodes', 'right turns', 'rows per head', 'at most', 'kB', 'computed'],
    rows.map(({ length, policy, episodes }) => {
      const right = episodes.filter(({ isRight }) => isRight).length;
      const share = binomialInterval(right, episodes.length);
      const [lower, upper] = [share.lower, share.upper].map((value) => value.toFixed(3));
      const sum = (of: (episode: LongMazeEpisode) => number) =>
        episodes.reduce((total, episode) => total + of(episode), 0);
      const computed = sum((each) => each.computed) / sum((each) => each.steps);
      return [
        ...[number(length), policy, number(episodes.length)],
        `${right} (${lower} … ${upper})`,
        mean(episodes.map(({ rowsPerHead }) => rowsPerHead.mean)).toFixed(1),
        Math.max(...episodes.map(({ rowsPerHead }) => rowsPerHead.peak)).toFixed(1),
        (Math.max(...episodes.map(({ peakBytes }) => peakBytes)) / 1000).toFixed(1),
        `${(100 * computed).toFixed(2)} %`,
      ];
    }),
  );
}
