import { counted } from '@namm/core';
import { textTable } from '@namm/report';
import type { SpokenSummary, summariseSpoken } from './summarise-spoken.js';

/** The tables as text: for all families, and for those that the full cache can answer. */
export function formatSpoken({ all, known }: ReturnType<typeof summariseSpoken>): string {
  return [all, ...(known ? [known] : [])].map(formatSummary).join('\n\n');
}

function formatSummary({ families, rows }: SpokenSummary): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const header = ['policy', 'budget', 'right', '', '95 %', '÷ full', '95 %', 'lost', 'won', 'kept'];
  const lines = rows.map((row) => {
    const { answered, againstFull } = row;
    return [
      ...[row.name, row.budget, `${row.right}/${row.questions}`, percent(answered.estimate)],
      `${percent(answered.lower)}-${percent(answered.upper)}`,
      againstFull ? againstFull.estimate.toFixed(2) : '–',
      againstFull ? `${againstFull.lower.toFixed(2)}-${againstFull.upper.toFixed(2)}` : '–',
      ...[String(row.lost), String(row.won), percent(row.keptShare)],
    ];
  });
  const { prompts } = rows[0]!;
  const notes = [
    `${counted(prompts, 'prompt')}: ${families.join(', ')}. Intervals over prompts, in pairs.`,
    'Lost and won: against the full cache. Kept: rows per token read when the questions come, mean over heads.',
  ];
  return `${textTable(header, lines, { style: 'plain', width: 120 })}\n${notes.join('\n')}`;
}
