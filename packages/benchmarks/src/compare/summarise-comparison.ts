import { Random } from '@namm/core';
import { bootstrapInterval, bootstrapRatioInterval, type Interval, mean } from '@namm/statistics';
import type { ComparedResults, PassageResult } from './compare-policies.js';

/** A line of the table. */
export interface ComparisonRow {
  readonly name: string;
  readonly budget: string;
  readonly passages: number;
  readonly bitsPerByte: number;
  /** Bits per byte over those of the full cache, on the same passages. */
  readonly againstFull: Interval;
  readonly divergence: Interval;
  readonly agreement: Interval;
  readonly keptShare: number;
  readonly bytes: number;
  readonly footprint: number;
  readonly goneEverywhere: number;
  readonly speed: number;
}

/** The policy whose predictions differ least from the full cache's, for one budget. */
export interface Recommendation {
  readonly budget: string;
  readonly name: string;
  /** Share of resampled sets of passages on which it is the best of all. */
  readonly certainty: number;
}

/** A comparison as the table and the JSON file have it. */
export interface ComparisonSummary {
  readonly rows: readonly ComparisonRow[];
  readonly recommended: readonly Recommendation[];
}

/** Draws of passages for a {@link Recommendation}. */
const draws = 1000;

/**
 * Means and paired 95 % intervals of a comparison, and for each budget the policy that comes closest to the full cache.
 *
 * @param results of `comparePolicies`, the full cache first
 * @param seed of the resampling
 */
export function summariseComparison(
  results: readonly ComparedResults[],
  seed = 1,
): ComparisonSummary {
  const whole = results[0]!.passages.map(({ bitsPerByte }) => bitsPerByte);
  const rows = results.map(({ name, budget, passages }): ComparisonRow => {
    const of = (key: keyof PassageResult) => passages.map((each) => each[key]);
    return {
      ...{ name, budget, passages: passages.length },
      bitsPerByte: mean(of('bitsPerByte')),
      againstFull: bootstrapRatioInterval(of('bitsPerByte'), whole, { seed }),
      divergence: bootstrapInterval(of('divergence'), { seed }),
      agreement: bootstrapInterval(of('agreement'), { seed }),
      keptShare: mean(of('keptShare')),
      bytes: mean(of('bytes')),
      footprint: mean(of('footprint')),
      goneEverywhere: mean(of('goneEverywhere')),
      speed: mean(of('speed')),
    };
  });
  const budgets = [...new Set(results.slice(1).map(({ budget }) => budget))];
  const recommended = budgets.map((budget) => {
    return recommend(
      budget,
      results.slice(1).filter((each) => each.budget === budget),
      seed,
    );
  });
  return { rows, recommended };
}

function recommend(
  budget: string,
  rivals: readonly ComparedResults[],
  seed: number,
): Recommendation {
  const count = rivals[0]!.passages.length;
  const bestOn = (drawn: readonly number[]) => {
    const sums = rivals.map(({ passages }) => mean(drawn.map((i) => passages[i]!.divergence)));
    return sums.indexOf(Math.min(...sums));
  };
  const best = bestOn([...rivals[0]!.passages.keys()]);
  const random = new Random(seed);
  let won = 0;
  for (let draw = 0; draw < draws; draw++) {
    if (bestOn(Array.from({ length: count }, () => random.integer(count))) === best) won++;
  }
  return { budget, name: rivals[best]!.name, certainty: won / draws };
}

/** The table as text, with the recommendations under it. */
export function formatComparison({ rows, recommended }: ComparisonSummary): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const within = ({ lower, upper }: Interval, show: (value: number) => string) =>
    `[${show(lower)}, ${show(upper)}]`;
  const three = (value: number) => value.toFixed(3);
  const head = [
    ...['policy', 'budget', 'kept', 'MB', 'footprint', 'gone everywhere', 'bits/byte', '× full'],
    ...['', 'KL (bits)', '', 'top-1 as full', '', 'tokens/s'],
  ];
  const lines = rows.map((row) => [
    ...[row.name, row.budget, percent(row.keptShare), (row.bytes / 1e6).toFixed(2)],
    ...[percent(row.footprint), percent(row.goneEverywhere), three(row.bitsPerByte)],
    ...[three(row.againstFull.estimate), within(row.againstFull, three)],
    ...[three(row.divergence.estimate), within(row.divergence, three)],
    ...[percent(row.agreement.estimate), within(row.agreement, percent), row.speed.toFixed(0)],
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i]!.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ');
  const advice = recommended.map(({ budget, name, certainty }) => {
    return `at ${budget}: ${name} comes closest to the full cache (best on ${percent(certainty)} of resampled passages)`;
  });
  return [line(head), ...lines.map(line), '', ...advice].map((text) => text.trimEnd()).join('\n');
}
