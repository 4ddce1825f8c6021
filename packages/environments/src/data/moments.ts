/** Running mean and sum of squared differences from it (Welford), which may be merged (Chan et al.). */
export class Moments {
  count = 0;
  readonly mean: Float64Array;
  readonly squares: Float64Array;

  constructor(size: number) {
    this.mean = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  add(numbers: ArrayLike<number>): void {
    this.count++;
    for (let i = 0; i < this.mean.length; i++) {
      const difference = numbers[i]! - this.mean[i]!;
      this.mean[i]! += difference / this.count;
      this.squares[i]! += difference * (numbers[i]! - this.mean[i]!);
    }
  }

  merge({ count, mean, squares }: Pick<Moments, 'count' | 'mean' | 'squares'>): void {
    if (count === 0) return;
    const total = this.count + count;
    for (let i = 0; i < this.mean.length; i++) {
      const difference = mean[i]! - this.mean[i]!;
      this.mean[i]! += (difference * count) / total;
      this.squares[i]! += squares[i]! + (difference * difference * this.count * count) / total;
    }
    this.count = total;
  }
}
