/** E‖N(0, I)‖ by the series of the tutorial: √n (1 − 1/(4n) + 1/(21n²)); 3e-4 off at n = 6. */
export function expectedNormBySeries(dimension: number): number {
  return Math.sqrt(dimension) * (1 - 1 / (4 * dimension) + 1 / (21 * dimension ** 2));
}

/** E‖N(0, I)‖ = √2 Γ((n + 1)/2) / Γ(n/2), to about 1e-14. */
export function expectedNorm(dimension: number): number {
  // The ratio r(n) of the gammas has r(n) = n/(n + 1) r(n + 2): up to where its series is exact.
  let factor = 1;
  let lifted = dimension;
  for (; lifted < 200; lifted += 2) factor *= lifted / (lifted + 1);
  const x = lifted / 2;
  const y = 1 / x;
  const series =
    1 + y * (-1 / 8 + y * (1 / 128 + y * (5 / 1024 + y * (-21 / 32768 - (y * 399) / 262144))));
  return Math.SQRT2 * factor * Math.sqrt(x) * series;
}
