import type { RetentionRecord } from '@namm/core';
import type { LineChart } from '../chart/line-chart.js';
import { heldCounts } from './held-counts.js';

/** Tokens kept per head, and bytes, over the tokens seen. */
export function retentionCharts(record: RetentionRecord): readonly [LineChart, LineChart] {
  const { seen, bytes } = record;
  const heads = record.headsPerLayer.reduce((sum, count) => sum + count, 0);
  const counts = heldCounts(record.evictedAt, seen, heads);
  const perUpdate = Array.from(seen, (_, u) => counts.subarray(u * heads, (u + 1) * heads));
  const x = Array.from(seen);
  const xLabel = 'tokens seen';
  const kept: LineChart = {
    kind: 'lineChart',
    title: 'Tokens kept per head',
    xLabel,
    yLabel: 'tokens',
    series: [
      { name: 'all tokens seen', x, y: x, dashed: true },
      {
        name: 'mean of the heads (band: lowest to highest)',
        x,
        y: perUpdate.map((own) => own.reduce((sum, count) => sum + count, 0) / heads),
        lower: perUpdate.map((own) => own.reduce((a, b) => Math.min(a, b))),
        upper: perUpdate.map((own) => own.reduce((a, b) => Math.max(a, b))),
      },
    ],
  };
  const memory: LineChart = {
    kind: 'lineChart',
    title: 'Memory of the cache',
    xLabel,
    yLabel: 'bytes',
    yFormat: 'bytes',
    series: [
      { name: 'allocated', x, y: bytes.allocated },
      { name: 'keys and values', x, y: bytes.used },
      { name: 'positions', x, y: bytes.positions },
      { name: 'policy state', x, y: bytes.policy },
    ],
  };
  return [kept, memory];
}
