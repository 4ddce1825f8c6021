import { checkNames, Random } from '@namm/core';
import { type Interval, mean, percentileInterval } from '@namm/statistics';
import { differenceOf, type ResampledScore, ratioOf } from '../table/resampled-score.js';
import {
  totalBytes,
  type VideoResult,
  type VideoResults,
  type VideoRow,
} from './run-video-bench.js';
import { fewerFrames } from './video-contender.js';
import type { VideoTask } from './video-task.js';

/** Kinds that a table shows together. */
export type KindGroup = 'all' | 'seen' | 'heldOut';

/** Scores of a row over a group of kinds. */
export interface VideoScores {
  /** Mean over kinds of the mean score. */
  readonly score: Interval;
  /** That mean over the full cache's; null where that is 0. */
  readonly ratio: Interval | null;
  /** Difference from the full cache on the same videos; p is two-sided. */
  readonly overFull: Interval & { readonly p: number };
  /** Difference from fewer frames with the same bytes; absent for rows without a share, or without that row. */
  readonly overFewerFrames?: Interval & { readonly p: number };
}

/** A row of the table, computed. */
export interface VideoRowSummary {
  readonly row: VideoRow;
  /** Videos that all rows have been measured on. */
  readonly videos: number;
  /** All bytes when the questions are asked, the policy's own included, over those of the full cache. */
  readonly bytesShare: number;
  /** Rows held over tokens of the whole video, mean over heads. */
  readonly kept: number;
  /** Groups without a kind are absent. */
  readonly groups: Readonly<Partial<Record<KindGroup, VideoScores>>>;
  /** Mean score by kind. */
  readonly kinds: ReadonlyMap<string, number>;
}

/** Options of {@link summariseVideo}. */
export interface SummariseVideoOptions {
  /** @defaultValue 2000 */
  readonly resamples?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

/**
 * Computes the table of a run. Intervals are 95 % percentile bootstrap intervals over videos, which are drawn with all their
 * questions and are the same for all rows, so that every comparison is paired. Videos that a row lacks are left out.
 *
 * @param results of `runVideoBench`, the full cache first
 * @param tasks of that run
 */
export function summariseVideo(
  results: readonly VideoResults[],
  tasks: readonly Pick<VideoTask<unknown>, 'questions'>[],
  options: SummariseVideoOptions = {},
): VideoRowSummary[] {
  checkNames('summariseVideo', options, ['resamples', 'seed']);
  const { resamples = 2000, seed = 0 } = options;
  const common = tasks.flatMap((_, i) => (results.every((own) => own.results[i]) ? [i] : []));
  const questions = common.flatMap((task, video) =>
    tasks[task]!.questions.map(({ kind, isHeldOut }, number) => ({
      ...{ kind, isHeldOut, number, video, task },
    })),
  );
  const kinds = [...new Map(questions.map(({ kind, isHeldOut }) => [kind, isHeldOut]))];
  const random = new Random(seed);
  const draws = Array.from({ length: common.length === 0 ? 0 : resamples }, () => {
    const counts = new Float64Array(common.length);
    for (let i = 0; i < common.length; i++) counts[random.integer(common.length)]!++;
    return counts;
  });
  const ones = new Float64Array(common.length).fill(1);
  const measured = results.map(({ row, results: own }) => {
    const ofKind = kinds.map(([kind]) =>
      questions
        .filter((question) => question.kind === kind)
        .map(({ task, number, video }) => ({ video, score: own[task]!.scores[number]! })),
    );
    const meanOf = (counts: Float64Array, chosen: readonly number[]) =>
      mean(
        chosen.map((kind) => {
          let [sum, weight] = [0, 0];
          for (const { video, score } of ofKind[kind]!) {
            sum += counts[video]! * score;
            weight += counts[video]!;
          }
          return weight > 0 ? sum / weight : 0;
        }),
      );
    return { row, own, meanOf };
  });
  const full = measured[0]!;
  const groups: [KindGroup, readonly number[]][] = [
    ['all', kinds.map((_, i) => i)],
    ['seen', kinds.flatMap(([, isHeldOut], i) => (isHeldOut ? [] : [i]))],
    ['heldOut', kinds.flatMap(([, isHeldOut], i) => (isHeldOut ? [i] : []))],
  ];
  const used = groups.filter(([, chosen]) => chosen.length > 0 && common.length > 0);
  const bytesOf = (own: readonly (VideoResult | undefined)[]) =>
    mean(common.map((task) => totalBytes(own[task]!)));
  const scored = new Map(
    used.map(([group, chosen]) => [
      group,
      measured.map(({ meanOf }) => ({
        estimate: meanOf(ones, chosen),
        resampled: Float64Array.from(draws, (counts) => meanOf(counts, chosen)),
      })),
    ]),
  );
  return measured.map(({ row, own, meanOf }, i): VideoRowSummary => {
    const thin = measured.findIndex(
      (other) => other.row.contender === fewerFrames.name && other.row.share === row.share,
    );
    const scoresOf = (group: KindGroup): VideoScores => {
      const all = scored.get(group)!;
      const [mine, base] = [all[i]!, all[0]!];
      return {
        score: percentileInterval(mine.estimate, mine.resampled),
        ratio: ratioOf(mine, base),
        overFull: difference(mine, base),
        ...(thin >= 0 && thin !== i && { overFewerFrames: difference(mine, all[thin]!) }),
      };
    };
    return {
      row,
      videos: common.length,
      bytesShare: bytesOf(own) / bytesOf(full.own),
      kept: mean(common.map((task) => (own[task]!.kept * own[task]!.seen) / full.own[task]!.seen)),
      groups: Object.fromEntries(used.map(([group]) => [group, scoresOf(group)])),
      kinds: new Map(kinds.map(([kind], k) => [kind, meanOf(ones, [k])])),
    };
  });
}

function difference(one: ResampledScore, other: ResampledScore) {
  const { interval, p } = differenceOf(one, other);
  return { ...interval, p };
}
