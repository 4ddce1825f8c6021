import { cosineOfTurn, hannWindow } from './hann-window.js';
import { bins, windowSize } from './spectrum-settings.js';

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
      even[n] = value + mirror; // goes on to the half-sized transform
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
