/** Counts values by size, as Prometheus wants them. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Values up to each bound; the last one is all of them. */
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
