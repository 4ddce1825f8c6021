import { counted } from '@namm/core';
import { textTable } from '@namm/report';
import type { AnswerTally } from './tally-answers.js';

/**
 * A table of results on the same prompts under several policies, with notes that explain the columns and name policies
 * with unequal memory.
 *
 * @param tallies one per policy
 * @param options how many prompts there are in all, and how wide a line may be
 */
export function formatTallies(
  tallies: readonly AnswerTally[],
  options: { readonly passages: number; readonly width: number },
): string {
  const { passages, width } = options;
  const header = ['policy', 'right', '95 %', 'tokens kept', 'cache MB', 'tokens/s'];
  const rows = tallies.map((line) => [
    `${line.policy}${line.passages < passages ? ` (${counted(line.passages, 'passage')})` : ''}`,
    `${line.right}/${line.questions}`,
    describeInterval(line.interval),
    `${Math.round(line.kept)} of ${Math.round(line.seen)}`,
    (line.bytes / 1e6).toFixed(2),
    String(Math.round(line.tokensPerSecond)),
  ]);
  const notes = [
    'Tokens kept: per head, mean, when the questions are asked. Cache: keys, values, positions and policy state then.',
    'tokens/s: read and written. 95 %: interval of the share of right answers, by bootstrap over passages.',
    ...describeMemory(tallies),
  ];
  return `${textTable(header, rows, { style: 'plain', width })}\n\n${notes.join('\n')}`;
}

/** A bootstrap over a passage or two, or over passages that all went alike, says nothing. */
function describeInterval([lower, upper]: readonly [number, number]): string {
  const percents = [lower, upper].map((share) => Math.round(100 * share));
  return percents[0] === percents[1] ? '–' : `${percents.join('-')} %`;
}

/** The rows do not have the same memory, which has to be said. */
function describeMemory(tallies: readonly AnswerTally[]): string[] {
  const namm = tallies.find(({ policy }) => policy === 'namm');
  const classic = tallies.filter(({ policy }) => !['full', 'namm'].includes(policy));
  if (namm === undefined || classic.length === 0) return [];
  const ratios = classic.map(({ bytes }) => bytes / namm.bytes);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
  const times = least === most ? least : `${least} to ${most}`;
  return [
    `Memory is not equal: the classic policies have ${times} times the bytes of the NAMM. \`npm run nanobench\` compares at equal bytes.`,
  ];
}
