/**
 * The periodic Hann window, 0.5 − 0.5 cos(2πn / size): what Fourier transforms of running frames use
 * (the symmetric one divides by size − 1).
 *
 * @returns `[size]`
 *
 * @example
 * ```ts
 * hannWindow(4); // Float64Array [0, 0.5, 1, 0.5]
 * ```
 */
export function hannWindow(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * cosineOfTurn(n, size));
}

/** cos(2πn / size), exact where the result is 0, ±1/2 or ±1, so that windows and kernels hold true zeros. */
export function cosineOfTurn(n: number, size: number): number {
  const twelfths = (12 * (((n % size) + size) % size)) / size;
  const exact: Record<number, number> = {
    0: 1,
    2: 0.5,
    3: 0,
    4: -0.5,
    6: -1,
    8: -0.5,
    9: 0,
    10: 0.5,
  };
  return exact[twelfths] ?? Math.cos((2 * Math.PI * n) / size);
}
