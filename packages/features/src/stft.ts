/** Queries of one frame: the length of the Fourier transform. */
export const windowSize = 32;
/** Queries between the starts of successive frames. */
export const hop = 16;
/** Magnitudes of one frame: frequencies 0 … 16 of a one-sided transform of 32 values. */
export const bins = 17;
/** Queries that the next frame shares with the last one. */
export const tailSize = windowSize - hop;
/** The published decay γ of the moving average, per query. */
export const publishedDecay = 0.99;

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
function cosineOfTurn(n: number, size: number): number {
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

/**
 * The windowed Fourier transform as a matrix, for a graph that computes it as a convolution of stride 16
 * along the queries: rows 0 … 16 give the real parts of the frequencies, rows 17 … 33 the imaginary ones.
 * A magnitude is the root of the sum of both squares.
 *
 * @returns `[2 × 17, 32]`
 *
 * @example
 * ```ts
 * const kernel = spectrumKernel();
 * kernel[0 * 32 + 16]; // 1: the middle of the window counts in full at frequency 0
 * ```
 */
export function spectrumKernel(): Float32Array {
  const kernel = new Float32Array(2 * bins * windowSize);
  for (const [n, weight] of hannWindow(windowSize).entries()) {
    for (let k = 0; k < bins; k++) {
      const quarterTurn = windowSize / 4;
      kernel[k * windowSize + n] = weight * cosineOfTurn(k * n, windowSize);
      // −sin θ = cos(θ + a quarter turn)
      kernel[(bins + k) * windowSize + n] = weight * cosineOfTurn(k * n + quarterTurn, windowSize);
    }
  }
  return kernel;
}

const middle = windowSize / 2;
const hann = hannWindow(windowSize);

/**
 * One halving of the transform. With h = 16, 8, 4, 2: cos(πk(h−n)/h) = (−1)^k cos(πkn/h), and the sine
 * alike with the opposite sign. So odd k need only differences (sums, for the sine) of u_n and u_(h−n), a
 * matrix of h/2 × h/2, and even k are a transform of half the size.
 */
interface Halving {
  readonly half: number;
  /** cos(πkn/h), odd k by n = 0 … h/2 − 1. */
  readonly cosines: Float64Array;
  /** sin(πkn/h), odd k by n = 1 … h/2. */
  readonly sines: Float64Array;
}

const halvings: readonly Halving[] = [16, 8, 4, 2].map((half) => {
  const size = half / 2;
  const table = (value: (k: number, i: number) => number) =>
    Float64Array.from({ length: size * size }, (_, at) =>
      value(2 * Math.floor(at / size) + 1, at % size),
    );
  const turn = 2 * half;
  return {
    half,
    cosines: table((k, n) => cosineOfTurn(k * n, turn)),
    sines: table((k, i) => cosineOfTurn(k * (i + 1) - half / 2, turn)),
  };
});

const even = new Float64Array(middle + 1);
const odd = new Float64Array(middle + 1);

/**
 * Magnitudes of the one-sided Fourier transform of windowed columns, not normalised.
 *
 * @param frame `[32, stride]`: oldest query first, of which `count` columns are transformed
 * @param magnitudes `[17, stride]`, written to
 */
export function frameMagnitudes(
  frame: Float32Array,
  stride: number,
  count: number,
  magnitudes: Float64Array,
): void {
  for (let column = 0; column < count; column++) {
    // The window is symmetric about its middle, and 0 at n = 0.
    even[0] = 0;
    even[middle] = frame[middle * stride + column]! * hann[middle]!;
    for (let n = 1; n < middle; n++) {
      const left = frame[n * stride + column]!;
      const right = frame[(windowSize - n) * stride + column]!;
      const weight = hann[n]!;
      even[n] = weight * (left + right);
      odd[n] = weight * (left - right);
    }
    transform(magnitudes, stride, column);
  }
}

/** Magnitude k = √((Σ even_n cos(πkn/16))² + (Σ odd_n sin(πkn/16))²). Overwrites its inputs. */
function transform(magnitudes: Float64Array, stride: number, column: number): void {
  let step = 1; // from one frequency of this halving to the next
  for (const { half, cosines, sines } of halvings) {
    const size = half / 2;
    for (let n = 0; n < size; n++) {
      const mirror = even[half - n]!;
      const value = even[n]!;
      even[n] = value + mirror; // input of the half-sized transform
      even[half - n] = value - mirror;
    }
    for (let n = 1; n < size; n++) {
      const mirror = odd[half - n]!;
      const value = odd[n]!;
      odd[n] = value - mirror;
      odd[half - n] = value + mirror;
    }
    for (let row = 0; row < size; row++) {
      let real = 0;
      let imaginary = 0;
      const start = row * size;
      for (let i = 0; i < size; i++) {
        real += cosines[start + i]! * even[half - i]!;
        imaginary += sines[start + i]! * odd[half - i - 1]!;
      }
      const bin = step * (2 * row + 1);
      magnitudes[bin * stride + column] = Math.sqrt(real * real + imaginary * imaginary);
    }
    step *= 2;
  }
  magnitudes[column] = Math.abs(even[0]! + even[1]!);
  magnitudes[(bins - 1) * stride + column] = Math.abs(even[0]! - even[1]!);
}
