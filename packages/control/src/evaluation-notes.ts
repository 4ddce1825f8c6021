import { referenceReturns, referenceReturnsSource } from '@namm/environments';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { ContenderSummary } from './summarise-evaluation.js';

/** Explains the columns of an evaluation's table, one sentence each. */
export function evaluationNotes(
  { settings }: Pick<EvaluationPlan, 'settings'>,
  summaries: readonly ContenderSummary[],
): string[] {
  const notes = ['Means with 95 % bootstrap intervals; differences to full are paired by seed.'];
  if (summaries.some(({ success }) => success)) {
    notes.push(
      'Success: episodes with the best return there is, with the exact 95 % interval (Clopper–Pearson).',
    );
  }
  if (summaries.some(({ normalised }) => normalised !== null)) {
    const name = settings.environment.name as keyof typeof referenceReturns;
    const { minimum, maximum } = referenceReturns[name];
    const scale = `0 is a return of ${minimum}, 100 one of ${maximum}`;
    notes.push(`D4RL score: ${scale} (${referenceReturnsSource}).`);
  }
  return notes;
}
