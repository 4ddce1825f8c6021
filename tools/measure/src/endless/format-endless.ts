import type { CacheMemory } from '@namm/kv-cache';
import { textTable } from '@namm/report';
import type { EndlessRequest } from './measure-endless.js';
import type { Quality, Stretch, Trend } from './summarise.js';

/** All that is told of a run. */
export interface EndlessReport {
  readonly request: EndlessRequest;
  readonly clock: 'cpu' | 'wall';
  readonly rows: readonly Stretch[];
  /** One per row; null without a trained model. */
  readonly qualities: readonly (Quality | null)[];
  readonly whole: Quality | null;
  readonly settled: { readonly memory: Trend; readonly time: Trend } | null;
  readonly memory: CacheMemory;
  readonly peakMegabytes: number;
}

const percent = (share: number) =>
  `${share < 0 ? '−' : '+'}${(100 * Math.abs(share)).toFixed(1)} %`;
const words = (tokens: number) => tokens.toLocaleString('en');

/** The report in words, with a table of its stretches. */
export function formatEndless(
  model: string,
  machine: string,
  settle: number,
  { request, clock, rows, qualities, whole, settled, memory, peakMegabytes }: EndlessReport,
): string {
  const { tokens, limit, positions, budget, chunk, policy, threads } = request;
  const time = threads === 1 ? 'one thread, CPU time' : `${threads} threads, wall time`;
  const { used, positions: marks, policy: state } = memory.bytes;
  const places = positions === 'compact' ? `${words(limit)} positions` : 'absolute positions';
  const lines = [
    `${model}: ${words(tokens)} tokens of prose through ${places},`,
    `${policy} with a budget of ${words(budget)} tokens per head, chunks of ${chunk}; ${time}.`,
    `${machine}.`,
    `\n${formatRows(rows, qualities, clock)}\n`,
    `The cache ends with ${words(memory.rows)} rows, ${((used + marks + state) / 1e6).toFixed(1)} MB with positions and policy; the`,
    `process took at most ${peakMegabytes.toFixed(0)} MB. Resident memory: the largest of each stretch.`,
  ];
  if (settled !== null) {
    lines.push(
      `After ${words(settle)} tokens: resident memory ${percent(settled.memory.slope)} by its slope over the run and`,
      `${percent(settled.memory.range)} from smallest to largest; time per chunk ${percent(settled.time.slope)} by its slope.`,
    );
  }
  if (whole !== null) {
    lines.push(
      `Bits per byte ${whole.endless.toFixed(4)}; the same tokens as trained, in pieces with the full cache,`,
      `${whole.asTrained.toFixed(4)}: ${percent(whole.endless / whole.asTrained - 1)}.`,
    );
  }
  return lines.join('\n');
}

function formatRows(
  rows: readonly Stretch[],
  qualities: readonly (Quality | null)[],
  clock: 'cpu' | 'wall',
): string {
  const isTrained = qualities.some((quality) => quality !== null);
  const headings = ['tokens', 'resident MB', 'ms per chunk', 'next position'];
  return textTable(
    isTrained ? [...headings, 'bits per byte', 'as trained', 'difference'] : headings,
    rows.map((row, i) => {
      const cells = [
        words(row.tokens),
        row.residentMegabytes.toFixed(1),
        (1000 * row[clock]).toFixed(1),
        words(row.nextPosition),
      ];
      const quality = qualities[i];
      if (!quality) return cells;
      const { endless, asTrained } = quality;
      const difference = percent(endless / asTrained - 1);
      return [...cells, endless.toFixed(4), asTrained.toFixed(4), difference];
    }),
  );
}
