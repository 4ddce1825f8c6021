import { textTable } from '@namm/report';
import { formatInterval } from '../measuring/ratio-of-medians.js';
import type { PeerAgreement } from './run-rounds.js';
import type { RatioRow, SpeedRow } from './summarise.js';

/** One line: how far a peer computes the same. */
export function formatAgreement(agreement: PeerAgreement, tokens: number): string {
  const { length, contender, sameTokens, margin, largestDifference } = agreement;
  const same = sameTokens === tokens ? `the same ${tokens}` : `the same first ${sameTokens}`;
  const parting = sameTokens === tokens ? '' : `, then a near tie (${margin.toExponential(1)})`;
  const logits = `logits differ by ${largestDifference.toExponential(1)} at most`;
  return `${length} tokens, ours and ${contender}: ${same} greedy tokens${parting}; ${logits}.`;
}

export function formatSpeed(rows: readonly SpeedRow[]): string {
  const headings = [
    'tokens',
    'runtime',
    'prefill tokens/s',
    'policy %',
    'decode ms/token',
    'peak MB',
    'load s',
    'loaded MB',
    'others',
  ];
  return textTable(
    headings,
    rows.map((row) => [
      row.length.toLocaleString('en'),
      row.contender,
      row.prefillTokensPerSecond.toFixed(0),
      row.policyShare === null ? '' : (100 * row.policyShare).toFixed(1),
      row.decodeMilliseconds.toFixed(1),
      row.peakMegabytes.toFixed(0),
      row.loadSeconds.toFixed(2),
      row.loadedMegabytes.toFixed(0),
      row.otherCores.toFixed(2),
    ]),
  );
}

export function formatRatios(rows: readonly RatioRow[]): string {
  return textTable(
    ['tokens', 'runtime', 'next to', 'prefill ×', 'decode ×', 'memory ×'],
    rows.map((row) => [
      row.length.toLocaleString('en'),
      row.contender,
      row.peer,
      formatInterval(row.prefill),
      formatInterval(row.decode),
      row.memory.toFixed(2),
    ]),
  );
}
