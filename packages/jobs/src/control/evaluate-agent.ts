import { describeMachine } from '@namm/cli';
import {
  type EvaluationPlan,
  EvaluationStore,
  evaluationNotes,
  evaluationTable,
  planEvaluation,
  runEvaluation,
  summariseEvaluation,
} from '@namm/control';
import type { ProgressListener } from '@namm/core';
import { textTable } from '@namm/report';
import { type ContenderChoice, contendersOf, type PlayedAgent } from './played-agent.js';

/** Options of {@link evaluateAgent}. */
export interface EvaluateAgentOptions extends PlayedAgent, ContenderChoice {
  /** Ways to remember, by name. */
  readonly policies: readonly string[];
  /** Episodes of each. */
  readonly episodes: number;
  /** Of the first episode; the next have the next. */
  readonly seed: number;
  /** Folder for finished episodes; what it has is not played again. */
  readonly out?: string | undefined;
  /** Columns of a line of the table. */
  readonly width: number;
  /** Told what is played and where, then the table: of what has been played when it is stopped, too. */
  readonly onText: (text: string) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * Lets an agent play the same episodes under several policies of its memory.
 *
 * @throws what is wrong with the agent, the environment or a policy, before anything is played
 * @throws the signal's reason when it is aborted
 */
export async function evaluateAgent(options: EvaluateAgentOptions): Promise<void> {
  const { agent, environment, episode, episodes, seed, onText, onProgress, signal } = options;
  const contenders = await contendersOf(options.policies, options, options);
  const plan = await planEvaluation({
    ...{ agent, contenders, episodes, seed, episode },
    ...(environment && { environment }),
  });
  const place = JSON.stringify(plan.settings.environment);
  onText(`Machine: ${describeMachine()}.\nEnvironment: ${place}. Seeds from ${seed}.`);
  const store = await EvaluationStore.open(options.out ?? null, plan);
  try {
    await runEvaluation(plan, store, { signal, onProgress });
  } finally {
    await store.close();
    const text = describeEvaluation(plan, store, options.width);
    if (text !== null) onText(text);
  }
}

/** The table with its notes; null when nothing has been played. */
function describeEvaluation(
  plan: EvaluationPlan,
  store: EvaluationStore,
  width: number,
): string | null {
  const summaries = summariseEvaluation(plan, store);
  const done = summaries.reduce((sum, { episodes }) => sum + episodes, 0);
  const total = plan.seeds.length * plan.contenders.length;
  if (done === 0) return null;
  const { headings, rows } = evaluationTable(summaries);
  return [
    ...(done < total ? [`Stopped after ${done} of ${total} episodes:`] : []),
    `\n${textTable(headings, rows, { width })}\n`,
    ...evaluationNotes(plan, summaries),
  ].join('\n');
}
