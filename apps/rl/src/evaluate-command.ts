import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  outputFile,
  outputFolder,
  ownPolicyForm,
  ProgressLine,
  terminalWidth,
} from '@namm/cli';
import {
  contenderNames,
  type EvaluationPlan,
  EvaluationStore,
  evaluationNotes,
  evaluationTable,
  planEvaluation,
  runEvaluation,
  summariseEvaluation,
  writeEpisodePage,
} from '@namm/control';
import { textTable } from '@namm/report';
import {
  type AgentOptions,
  addAgentOptions,
  agentOf,
  checkpointFor,
  episodeOf,
} from './agent-options.js';
import { contenderFor } from './contender-for.js';

const policies = [
  'full',
  'window:20',
  'newest-steps:20',
  'sink-recent',
  'h2o',
  'keydiff',
  'random',
];

interface Options extends AgentOptions {
  policies: string[];
  budget: string;
  checkpoint?: string;
  episodes: number;
  seed: number;
  out?: string;
  page?: string;
}

/** Adds `evaluate`: one agent, one environment, several ways to remember. */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('let an agent play the same episodes under several policies of its memory');
  addAgentOptions(command)
    .option(
      '--policies <list>',
      [...contenderNames, ownPolicyForm].join(', '),
      listOf(String),
      policies,
    )
    .option('--budget <size>', 'of policies: rows per head, a share (25%) or bytes (64kB)', '60')
    .option('--checkpoint <file>', "of the NAMM, for the policy 'namm'; that beside the agent")
    .option('--episodes <count>', 'episodes per policy', count, 20)
    .option('--seed <seed>', 'of the first episode; the next have the next', fromZero, 0)
    .option(
      '--out <folder>',
      'for finished episodes; what it has is not played again',
      outputFolder,
    )
    .option('--page <file>', 'shows the first episode, under the last of the policies', outputFile)
    .action(evaluate);
}

async function evaluate(options: Options): Promise<void> {
  const signal = interruptSignal();
  const { budget, environment, episodes, seed } = options;
  const agent = await agentOf(options, signal);
  const checkpoint = checkpointFor(agent, options.checkpoint);
  const contenders = [];
  for (const name of options.policies) {
    contenders.push(await contenderFor(name, { budget, ...checkpoint }));
  }
  const plan = await planEvaluation({
    agent,
    ...(environment && { environment }),
    ...{ contenders, episodes, seed },
    episode: await episodeOf(options, signal),
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
  if (options.page === undefined) return;
  const shown = { agent, environment: plan.settings.environment, episode: plan.settings.episode };
  const contender = contenders.at(-1)!;
  await writeEpisodePage(options.page, { ...shown, contender, seed, signal });
  console.log(`${options.page}: the first episode under ${contender.name}`);
}

function print(plan: EvaluationPlan, store: EvaluationStore): void {
  const summaries = summariseEvaluation(plan, store);
  const done = summaries.reduce((sum, { episodes }) => sum + episodes, 0);
  const total = plan.seeds.length * plan.contenders.length;
  if (done === 0) return;
  if (done < total) console.log(`Stopped after ${done} of ${total} episodes:`);
  const { headings, rows } = evaluationTable(summaries);
  console.log(`\n${textTable(headings, rows, { width: terminalWidth() })}\n`);
  for (const note of evaluationNotes(plan, summaries)) console.log(note);
}
