/** Maps numbers to pixels along one axis. */
export interface Scale {
  /** Pixels from the start of the axis; meaningless for numbers that the axis cannot show. */
  readonly toPixels: (value: number) => number;
  readonly toValue: (pixels: number) => number;
  readonly ticks: readonly number[];
}

/**
 * A linear scale over [low, high], with round ticks of which there are at most about `ticks`.
 *
 * @param leastStep from one tick to the next; 1 for what is counted
 */
export function linearScale(
  low: number,
  high: number,
  pixels: number,
  ticks: number,
  leastStep = 0,
): Scale {
  const span = high - low || 1;
  const raw = Math.max(leastStep, span / Math.max(1, ticks));
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.999)!;
  const marks: number[] = [];
  const first = Math.ceil(low / step - 1e-9);
  for (let i = first; i * step <= high + step * 1e-9; i++)
    marks.push(Number((i * step).toPrecision(12)));
  return {
    toPixels: (value) => ((value - low) / span) * pixels,
    toValue: (at) => low + (at / pixels) * span,
    ticks: marks,
  };
}

/** A logarithmic scale over [low, high], both above 0, with ticks at powers of ten, or 1, 2, 5 in between. */
export function logScale(low: number, high: number, pixels: number, ticks: number): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const span = to - from || 1;
  const factors = span < ticks / 3 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(span / ticks));
  const marks: number[] = [];
  for (let power = Math.floor(from / stride) * stride; power <= to; power += stride) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) marks.push(Number(value.toPrecision(3)));
    }
  }
  return {
    toPixels: (value) => ((Math.log10(value) - from) / span) * pixels,
    toValue: (at) => 10 ** (from + (at / pixels) * span),
    ticks: marks,
  };
}
