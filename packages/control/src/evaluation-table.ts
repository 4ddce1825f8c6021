import type { Interval } from '@namm/statistics';
import type { ContenderSummary } from './summarise-evaluation.js';

/** A table of words and numbers. */
export interface EvaluationTable {
  readonly headings: readonly string[];
  /** As many cells each. */
  readonly rows: readonly (readonly string[])[];
}

type Cell = (summary: ContenderSummary) => string | null;

const columns: readonly (readonly [heading: string, cell: Cell])[] = [
  ['policy', ({ name }) => name],
  ['episodes', ({ episodes }) => String(episodes)],
  ['return', (summary) => withInterval(summary.return)],
  ['to full', ({ difference }) => withInterval(difference, true)],
  ['÷ full', ({ ratio }) => withInterval(ratio)],
  ['success', ({ success }) => withInterval(success)],
  ['D4RL score', ({ normalised }) => normalised?.toFixed(1) ?? null],
  ['steps', ({ meanSteps }) => meanSteps?.toFixed(0) ?? null],
  ['rows per head', ({ rowsPerHead }) => rowsPerHead?.toFixed(1) ?? null],
  ['of full', ({ rowShare }) => (rowShare === null ? null : `${(100 * rowShare).toFixed(0)} %`)],
  ['peak kB', ({ peakBytes }) => (peakBytes === null ? null : (peakBytes / 1000).toFixed(1))],
  ['steps/s', ({ stepsPerSecond }) => stepsPerSecond?.toFixed(0) ?? null],
  ['broke down', ({ failed }) => (failed === 0 ? null : String(failed))],
];

/** Summaries as text, without columns that are empty for all contenders. */
export function evaluationTable(summaries: readonly ContenderSummary[]): EvaluationTable {
  const shown = columns.filter(([, cell]) => summaries.some((summary) => cell(summary) !== null));
  return {
    headings: shown.map(([heading]) => heading),
    rows: summaries.map((summary) => shown.map(([, cell]) => cell(summary) ?? '–')),
  };
}

/** A number with its interval in brackets. */
export function withInterval(interval: Interval | null, isDifference = false): string | null {
  if (interval === null) return null;
  const { estimate, lower, upper } = interval;
  const size = Math.max(...[estimate, lower, upper].map(Math.abs));
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = (value: number) => {
    const rounded = value.toFixed(digits).replace(/^-(0\.?0*)$/, '$1');
    return isDifference && Number(rounded) > 0 ? `+${rounded}` : rounded;
  };
  return `${text(estimate)} (${text(lower)} … ${text(upper)})`;
}
