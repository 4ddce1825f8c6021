import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  number,
  openModel,
  ProgressLine,
  positiveNumber,
  readBy,
  terminalWidth,
} from '@namm/cli';
import {
  contenderNames,
  createContender,
  type EvaluationPlan,
  EvaluationStore,
  evaluationTable,
  parseEnvironment,
  planEvaluation,
  runEvaluation,
  summariseEvaluation,
} from '@namm/control';
import {
  type EnvironmentSettings,
  observationStatistics,
  referenceReturns,
  referenceReturnsSource,
} from '@namm/environments';
import { agentFolder, agentNames } from '@namm/models';
import { textTable } from '@namm/report';
import { openEpisodes } from './open-episodes.js';

const policies = [
  'full',
  'window:20',
  'newest-steps:20',
  'sink-recent',
  'h2o',
  'keydiff',
  'random',
];

interface Options {
  agent: string;
  environment?: EnvironmentSettings;
  policies: string[];
  budget: string;
  checkpoint?: string;
  episodes: number;
  seed: number;
  targetReturn?: number;
  returnScale?: number;
  statistics?: string;
  out?: string;
}

/** Adds `evaluate`: one agent, one environment, several ways to remember. */
export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('let an agent play the same episodes under several policies of its memory')
    .option(
      '--agent <name>',
      `${agentNames.join(', ')}, a folder or a model of the hub`,
      agentNames[0] as string,
    )
    .option(
      '--environment <settings>',
      "such as t-maze:length=300 or hopper; if left out, that of the agent's agent.json",
      readBy(parseEnvironment),
    )
    .option('--policies <list>', contenderNames.join(', '), listOf(String), policies)
    .option('--budget <size>', 'of policies: rows per head, a share (25%) or bytes (64kB)', '60')
    .option('--checkpoint <file>', "of the NAMM, for the policy 'namm'")
    .option('--episodes <count>', 'episodes per policy', count, 20)
    .option('--seed <seed>', 'of the first episode; the next have the next', fromZero, 0)
    .option('--target-return <value>', "return to ask for; agent.json's", number)
    .option('--return-scale <value>', "what returns are divided by; agent.json's", positiveNumber)
    .option(
      '--statistics <path>',
      "recorded episodes whose mean and deviation normalise states (D4RL .hdf5, Minari folder, or of collect); agent.json's",
    )
    .option('--out <folder>', 'for finished episodes; what it has is not played again')
    .action(evaluate);
}

async function evaluate(options: Options): Promise<void> {
  const signal = interruptSignal();
  const { budget, checkpoint, environment, episodes, seed, targetReturn, returnScale } = options;
  const contenders = [];
  for (const name of options.policies) {
    const own = name === 'namm' && checkpoint !== undefined ? { checkpoint } : {};
    contenders.push(await createContender(name, { budget, ...own }));
  }
  const bundled = agentNames.find((name) => name === options.agent);
  const plan = await planEvaluation({
    agent: bundled ? agentFolder(bundled) : await openModel(options.agent, signal),
    ...(environment && { environment }),
    ...{ contenders, episodes, seed },
    episode: {
      ...(targetReturn !== undefined && { targetReturn }),
      ...(returnScale !== undefined && { returnScale }),
      ...(options.statistics !== undefined && {
        normalisation: await statisticsOf(options.statistics, signal),
      }),
    },
  });
  console.log(`Machine: ${describeMachine()}.`);
  console.log(`Environment: ${JSON.stringify(plan.settings.environment)}. Seeds from ${seed}.`);
  const store = await EvaluationStore.open(options.out ?? null, plan);
  const progress = new ProgressLine('episodes');
  try {
    await runEvaluation(plan, store, { signal, onProgress: (event) => progress.update(event) });
  } finally {
    progress.clear();
    await store.close();
    print(plan, store);
  }
}

async function statisticsOf(path: string, signal: AbortSignal) {
  const source = await openEpisodes(path);
  const progress = new ProgressLine('episodes');
  try {
    const onProgress = (event: Parameters<ProgressLine['update']>[0]) => progress.update(event);
    return await observationStatistics(source, { signal, onProgress });
  } finally {
    progress.clear();
    await source.close();
  }
}

function print(plan: EvaluationPlan, store: EvaluationStore): void {
  const summaries = summariseEvaluation(plan, store);
  const done = summaries.reduce((sum, { episodes }) => sum + episodes, 0);
  const total = plan.seeds.length * plan.contenders.length;
  if (done === 0) return;
  if (done < total) console.log(`Stopped after ${done} of ${total} episodes:`);
  const { headings, rows } = evaluationTable(summaries);
  console.log(`\n${textTable(headings, rows, { width: terminalWidth() })}\n`);
  console.log('Means with 95 % bootstrap intervals; differences to full are paired by seed.');
  if (summaries.some(({ success }) => success)) {
    console.log('Success: episodes with the best return there is.');
  }
  if (summaries.some(({ normalised }) => normalised !== null)) {
    const name = plan.settings.environment.name as keyof typeof referenceReturns;
    const { minimum, maximum } = referenceReturns[name];
    const scale = `0 is a return of ${minimum}, 100 one of ${maximum}`;
    console.log(`D4RL score: ${scale} (${referenceReturnsSource}).`);
  }
}
