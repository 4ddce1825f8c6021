import type { RowKind } from '@namm/cache-decision-transformer';
import type { PlayedEpisode } from '@namm/control';
import { mean } from '@namm/statistics';
import { fullRows } from './full-rows.js';

/** A threshold of a NAMM, tried on some episodes. */
export interface TransferTrial {
  /** One threshold for the scores of all heads, or one per head. */
  readonly allocation: 'joint' | 'per-head';
  /** Share of the scores under the full cache that are above the threshold. */
  readonly share: number;
  /** Number of newest tokens that always stay. */
  readonly tail: number;
  /** Rows held per head over those of the full cache, mean over steps and episodes. */
  readonly keptShare: number;
  readonly rowsPerHead: number;
  readonly return: number;
  /** Mean return of the full cache in the same episodes. */
  readonly fullReturn: number;
  /** Return of each episode; NaN if the simulation broke down. */
  readonly returns: readonly number[];
}

interface Played extends Pick<TransferTrial, 'allocation' | 'share' | 'tail'> {
  readonly played: readonly PlayedEpisode[];
  /** The same episodes under the full cache. */
  readonly full: readonly PlayedEpisode[];
  /** Tokens of a step. */
  readonly rowKinds: readonly RowKind[];
}

/** What became of a threshold. */
export function trialOf({
  allocation,
  share,
  tail,
  played,
  full,
  rowKinds,
}: Played): TransferTrial {
  const sound = (episodes: readonly PlayedEpisode[]) =>
    episodes.filter(({ end }) => end !== 'failed').map((episode) => episode.return);
  const shares = played.map(
    ({ rowsPerHead, steps }) => rowsPerHead.mean / fullRows(steps, rowKinds.length),
  );
  return {
    ...{ allocation, share, tail, keptShare: mean(shares) },
    rowsPerHead: mean(played.map(({ rowsPerHead }) => rowsPerHead.mean)),
    return: meanOrWorst(sound(played)),
    fullReturn: meanOrWorst(sound(full)),
    returns: played.map((each) => (each.end === 'failed' ? Number.NaN : each.return)),
  };
}

const meanOrWorst = (values: readonly number[]) =>
  values.length === 0 ? Number.NEGATIVE_INFINITY : mean(values);

/**
 * The trial that holds least among those whose mean return is within half a standard error of the best. The error is
 * that of the per-episode differences. A full standard error would tolerate one lost episode among any number of won
 * ones.
 */
export function chooseTrial(trials: readonly TransferTrial[]): TransferTrial {
  const best = trials.reduce((a, b) => (b.return > a.return ? b : a));
  const isGood = (trial: TransferTrial) => {
    const differences = trial.returns
      .map((value, i) => best.returns[i]! - value)
      .filter((value) => !Number.isNaN(value));
    if (differences.length === 0) return false;
    const average = mean(differences);
    const squares = differences.reduce((sum, value) => sum + (value - average) ** 2, 0);
    const count = differences.length;
    const error = count < 2 ? 0 : Math.sqrt(squares / (count - 1) / count);
    return average <= error / 2;
  };
  return trials.filter(isGood).reduce((a, b) => (b.keptShare < a.keptShare ? b : a), best);
}

/** Trials as a table, the chosen one marked. */
export function trialTable(trials: readonly TransferTrial[], chosen: TransferTrial | null) {
  const headings = [
    'thresholds',
    'aim',
    'newest kept',
    'rows per head',
    'share kept',
    'return',
    'full',
    '',
  ];
  const rows = trials.map((trial) => [
    trial.allocation === 'joint' ? 'one' : 'per head',
    trial.share.toString(),
    trial.tail.toString(),
    trial.rowsPerHead.toFixed(1),
    `${(100 * trial.keptShare).toFixed(1)} %`,
    trial.return.toFixed(2),
    trial.fullReturn.toFixed(2),
    trial === chosen ? 'chosen' : '',
  ]);
  return { headings, rows };
}
