import type { Random } from '@namm/core/portable';

/** How one run is set up. */
export interface RunPlan {
  readonly size: 'large' | 'small';
  readonly populationSize: number;
  readonly sigma: number;
  /** Evaluations that this run may take; null without a limit of its own. */
  readonly maximumEvaluations: number | null;
}

/** What the runs so far have used. */
export interface RunSummary extends RunPlan {
  readonly evaluations: number;
}

/** What all runs of one plan share. */
export interface PlanSettings {
  readonly kind: 'ipop' | 'bipop';
  readonly populationSize: number;
  readonly sigma: number;
  readonly factor: number;
}

const used = (runs: readonly RunSummary[], size: RunPlan['size']) =>
  runs.filter((run) => run.size === size).reduce((sum, run) => sum + run.evaluations, 0);

/** The next run after those so far: the first one when there are none. */
export function planRun(
  { kind, populationSize, sigma, factor }: PlanSettings,
  runs: readonly RunSummary[],
  random: Random,
): RunPlan {
  const large = runs.filter((run) => run.size === 'large');
  const grown = Math.round(populationSize * factor ** large.length);
  if (kind === 'ipop' || runs.length === 0 || used(runs, 'small') >= used(runs, 'large')) {
    return { size: 'large', populationSize: grown, sigma, maximumEvaluations: null };
  }
  // λ_s = λ (½ λ_l / λ)^(U²), σ_s = σ 10^(−2U), and at most half of what the last large run took
  const last = large[large.length - 1]!;
  const share = random.uniform() ** 2;
  return {
    size: 'small',
    populationSize: Math.max(
      populationSize,
      Math.floor(populationSize * (last.populationSize / populationSize / 2) ** share),
    ),
    sigma: sigma * 10 ** (-2 * random.uniform()),
    maximumEvaluations: Math.max(1, Math.floor(last.evaluations / 2)),
  };
}
