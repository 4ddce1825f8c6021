/** How a bootstrap is run. */
export interface BootstrapOptions {
  /** Seed of the resampling; the same seed gives the same interval. */
  readonly seed: number;
  /** @defaultValue 2000 */
  readonly resamples?: number;
  /** Share of the resamples inside the interval, between 0 and 1. @defaultValue 0.95 */
  readonly level?: number;
}

/** An estimate and its percentile interval. */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}
