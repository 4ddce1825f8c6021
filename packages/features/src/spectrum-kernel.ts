import { cosineOfTurn, hannWindow } from './hann-window.js';
import { bins, windowSize } from './spectrum-settings.js';

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
