import type { NumberFormat } from '../format-number.js';

/** One curve. Numbers that are not finite are gaps; on a logarithmic axis so are those ≤ 0. */
export interface Series {
  readonly name: string;
  /** Finite, never falling, `[points]`. */
  readonly x: ArrayLike<number>;
  /** `[points]` */
  readonly y: ArrayLike<number>;
  /** Lower and upper end of an interval around each point, drawn as a band; both or neither. */
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
  /**
   * Label next to each point, `[points]`; empty for none. Use it for a few points to compare: their intervals are drawn
   * as bars, not as a band. A label without room is left out.
   */
  readonly labels?: readonly string[];
  /** For a reference line. @defaultValue false */
  readonly dashed?: boolean;
}

/** A chart of curves over one axis. */
export interface LineChart {
  readonly kind: 'lineChart';
  readonly title: string;
  /** What a reader has to know beside the title. */
  readonly description?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** @defaultValue 'number' */
  readonly yFormat?: NumberFormat;
  /** @defaultValue 'linear' */
  readonly yScale?: 'linear' | 'log';
  readonly series: readonly Series[];
}
