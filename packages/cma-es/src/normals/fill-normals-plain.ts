import { Random } from '@namm/core/portable';

const twoPi = 2 * Math.PI;

// Coefficients of the series below, highest power first.
const artanh = [21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1].map((odd) => 1 / odd);
const sineSeries = [-1307674368000, 6227020800, -39916800, 362880, -5040, 120, -6, 1].map(
  (factorial) => 1 / factorial,
);
const cosineSeries = [
  20922789888000, -87178291200, 479001600, -3628800, 40320, -720, 24, -2, 1,
].map((factorial) => 1 / factorial);

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = sum * x + coefficients[i]!;
  return sum;
}

/** Natural logarithm on (0, 1]: exponent · ln 2 + 2 artanh((m − 1) / (m + 1)). */
function logarithm(x: number): number {
  double[0] = x;
  let exponent = (words[1]! >>> 20) - 1023;
  words[1] = (words[1]! & 0x000f_ffff) | 0x3ff0_0000;
  let mantissa = double[0]!;
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent++;
  }
  const f = mantissa - 1;
  const s = f / (f + 2);
  return exponent * Math.LN2 + 2 * s * polynomial(artanh, s * s);
}

/**
 * Fills a list with the standard normal numbers of a stream (Box–Muller on pairs of
 * `Random.uniform`). `Math.log`, `Math.sin` and `Math.cos` may differ between engines in the last bit, so
 * they are replaced by series of plain arithmetic: the numbers are the same everywhere.
 *
 * This is the slow, obvious twin of the kernel in assembly/normals.ts, with the same operations in the
 * same order.
 */
export function fillNormalsPlain(
  target: Float64Array,
  seed: number,
  stream: readonly [number, number, number],
): void {
  const random = new Random(seed, ...stream);
  for (let i = 0; i < target.length; i += 2) {
    const radius = Math.sqrt(-2 * logarithm(1 - random.uniform()));
    const turn = random.uniform();
    const quarter = Math.floor(turn * 4 + 0.5);
    const angle = (turn - quarter * 0.25) * twoPi;
    const square = angle * angle;
    const sine = polynomial(sineSeries, square) * angle;
    const cosine = polynomial(cosineSeries, square);
    // a turn of a quarter maps (cosine, sine) to (−sine, cosine)
    const [x, y] = [
      [cosine, sine],
      [-sine, cosine],
      [-cosine, -sine],
      [sine, -cosine],
    ][quarter % 4]!;
    target[i] = radius * x!;
    if (i + 1 < target.length) target[i + 1] = radius * y!;
  }
}
