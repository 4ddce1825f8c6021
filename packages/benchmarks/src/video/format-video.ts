import { checkNames, counted } from '@namm/core';
import { type TextTableOptions, textTable } from '@namm/report';
import type { Interval } from '@namm/statistics';
import type { VideoRowSummary } from './summarise-video.js';

/**
 * The table as text: scores with paired intervals, held-out kinds separately, and the scores of each kind below.
 *
 * @param rows of `summariseVideo`
 * @param options how it is written
 */
export function formatVideo(
  rows: readonly VideoRowSummary[],
  options: TextTableOptions = {},
): string {
  checkNames('formatVideo', options, ['style', 'width']);
  const kinds = [...(rows[0]?.kinds.keys() ?? [])];
  const scores = textTable(
    ['policy', 'share', 'bytes', 'score', '× full', 'over fewer frames', 'p', 'held-out × full'],
    rows.map(({ row, bytesShare, groups: { all, heldOut } }) => [
      row.contender,
      shareOf(row.share),
      percent(bytesShare),
      all ? all.score.estimate.toFixed(3) : '',
      all?.ratio ? within(all.ratio) : '',
      all?.overFewerFrames ? within(all.overFewerFrames) : '',
      all?.overFewerFrames ? all.overFewerFrames.p.toFixed(3) : '',
      heldOut?.ratio ? within(heldOut.ratio) : '',
    ]),
    options,
  );
  const byKind = textTable(
    ['policy', 'share', ...kinds],
    rows.map(({ row, kinds: own }) => [
      row.contender,
      shareOf(row.share),
      ...kinds.map((kind) => own.get(kind)!.toFixed(3)),
    ]),
    options,
  );
  return `${counted(rows[0]?.videos ?? 0, 'video')}\n\n${scores}\n\n${byKind}`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const shareOf = (share: number | null) =>
  share === null ? 'own' : `${Number((100 * share).toFixed(2))} %`;

const within = ({ estimate, lower, upper }: Interval) =>
  `${estimate.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;
