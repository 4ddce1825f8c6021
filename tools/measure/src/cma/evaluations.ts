import { StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { quantile } from '@namm/statistics';
import { medianInterval } from '../measuring/median-interval.js';
import { anchors, separableAnchors } from './anchors.js';
import { countEvaluations } from './count-evaluations.js';
import { problems } from './problems.js';

const status = new StatusLine();

/** Variants of the strategy that are compared with the anchors. */
export const variants = {
  eigen: { model: 'full', factor: 'eigen' },
  'matrix-adaptation': { model: 'full', factor: 'matrix-adaptation' },
  'matrix-adaptation-single': { model: 'full', factor: 'matrix-adaptation', precision: 'single' },
  sep: { model: 'sep' },
} as const;

export interface EvaluationsOptions {
  readonly dimensions: readonly number[];
  readonly runs?: number;
  readonly variants: readonly (keyof typeof variants)[];
  readonly problems: readonly string[];
  readonly seed: number;
}

const target = 1e-8;

/** Counts evaluations to 1e-8 on the problems of the anchors; prints a table. */
export function evaluations(options: EvaluationsOptions): void {
  const rows = options.dimensions.flatMap((dimension) => {
    const runs = options.runs ?? (dimension <= 10 ? 31 : 15);
    return options.variants.flatMap((variant) =>
      options.problems.flatMap((name) => {
        const table = variant === 'sep' ? separableAnchors : anchors;
        const anchor = table[dimension]?.[name];
        if (variant === 'sep' && anchor === undefined) return []; // none of pycma's runs reached it
        status.show(`${dimension} dimensions, ${variant}: ${name}`);
        return [rowOf(dimension, runs, variant, name, anchor, options.seed)];
      }),
    );
  });
  status.clear();
  const headings = [
    'n',
    'model',
    'problem',
    'runs',
    'reached',
    'median',
    'quartiles',
    'pycma',
    'ratio',
    'interval',
  ];
  console.log(textTable(headings, rows));
  console.log(
    '\ninterval: of the ratio, 95 %, from these runs alone; the recorded median is as uncertain as one of ours.',
  );
}

function rowOf(
  dimension: number,
  runs: number,
  variant: keyof typeof variants,
  name: string,
  anchor: number | undefined,
  seed: number,
): string[] {
  const problem = problems.find((one) => one.name === name)!;
  const results = Array.from({ length: runs }, (_, run) =>
    countEvaluations(
      problem,
      dimension,
      { seed: seed + run, ...variants[variant] },
      { target, atMost: 20 * (anchor ?? 1e6) },
    ),
  );
  const sorted = Float64Array.from(results, (result) => result.evaluations).sort();
  const median = quantile(sorted, 0.5);
  return [
    String(dimension),
    variant,
    name,
    String(runs),
    String(results.filter((result) => result.reached).length),
    String(median),
    `${quantile(sorted, 0.25)} to ${quantile(sorted, 0.75)}`,
    anchor === undefined ? '-' : String(anchor),
    ...(anchor === undefined ? ['-', '-'] : ratiosOf(sorted, anchor)),
  ];
}

/** The ratio of the medians, and its interval. */
function ratiosOf(sorted: Float64Array, anchor: number): string[] {
  const [low, high] = medianInterval(sorted).map((value) => (value / anchor).toFixed(3));
  return [(quantile(sorted, 0.5) / anchor).toFixed(3), `${low} to ${high}`];
}
