import type { LineChart } from '../chart/line-chart.js';
import { heldCounts } from '../retention/held-counts.js';
import type { EpisodeFilm } from './episode-film.js';

/** Rows held per head and the return so far, over the steps. */
export function episodeCharts({
  evictedAt,
  seen,
  headsPerLayer,
  frames,
}: EpisodeFilm): LineChart[] {
  const heads = headsPerLayer.reduce((sum, count) => sum + count, 0);
  const counts = heldCounts(evictedAt, seen, heads);
  const perStep = frames.map((_, step) => counts.subarray(step * heads, (step + 1) * heads));
  const x = frames.map((_, step) => step + 1);
  return [
    {
      ...{ kind: 'lineChart', title: 'Rows held per head', xLabel: 'step', yLabel: 'rows' },
      series: [
        { name: 'all read', x, y: Array.from(seen), dashed: true },
        {
          ...{ name: 'mean of the heads (band: lowest to highest)', x },
          y: perStep.map((own) => own.reduce((sum, count) => sum + count, 0) / heads),
          lower: perStep.map((own) => own.reduce((a, b) => Math.min(a, b))),
          upper: perStep.map((own) => own.reduce((a, b) => Math.max(a, b))),
        },
      ],
    },
    {
      ...{ kind: 'lineChart', title: 'Return so far', xLabel: 'step', yLabel: 'return' },
      series: [{ name: 'sum of the rewards', x, y: frames.map(({ total }) => total) }],
    },
  ];
}
