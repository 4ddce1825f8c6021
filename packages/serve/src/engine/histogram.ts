/** Counts values by size, in the form that Prometheus expects. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Number of values up to each bound; the last is the total. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  get count(): number {
    return this.counts.at(-1)!;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  add(value: number): void {
    this.sum += value;
    for (const [i, bound] of [...this.bounds, Infinity].entries()) {
      if (value <= bound) this.counts[i]!++;
    }
  }
}
