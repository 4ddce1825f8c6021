import type { FloatArray } from '@namm/core/portable';
import { InvalidAttentionError } from './attention-error.js';
import { foldHalfRows } from './half-rows.js';
import { bins, windowSize } from './stft.js';
import { loadRow, newRows, type Storage, type StoredRow, writeRow } from './stored-row.js';

/**
 * Adds a spectrum that was folded elsewhere to the moving averages, rounded to the storage type.
 *
 * @param old the averages before
 * @param spectrum `[17, slots]`
 * @param oldWeight what the old averages weigh
 * @throws {InvalidAttentionError} when the spectrum holds values that no attention can produce
 */
export function addSpectrum(
  old: readonly StoredRow[],
  spectrum: FloatArray,
  oldWeight: number,
  storage: Storage,
): StoredRow[] {
  const slots = spectrum.length / bins;
  const averages = newRows(new Array<number>(bins).fill(slots), storage);
  const [first] = averages;
  if (first instanceof Uint16Array && spectrum instanceof Float32Array) {
    const all = new Uint16Array(first.buffer); // rows made together stand side by side
    const halves = old as readonly Uint16Array[];
    if (foldHalfRows(halves, spectrum, oldWeight, largestMagnitude, all)) return averages;
  }
  checkMagnitudes(spectrum);
  const average = new Float32Array(slots);
  for (const [bin, row] of averages.entries()) {
    loadRow(old[bin]!, 0, slots, average, 0);
    addTo(average, oldWeight, spectrum, bin * slots);
    writeRow(average, row);
  }
  return averages;
}

/** Attention can give no magnitude above the sum of the window, 16, at frequency 0. */
const largest = windowSize / 2;
const largestMagnitude = 1.01 * largest;

function checkMagnitudes(spectrum: FloatArray): void {
  for (let i = 0; i < spectrum.length; i++) {
    const value = spectrum[i]!;
    if (value >= 0 && value <= largestMagnitude) continue;
    throw new InvalidAttentionError(
      `its spectrum holds ${value}, which is not between 0 and ${largest}`,
    );
  }
}

/** average ← factor · average + the numbers from `offset` on. */
function addTo(average: Float32Array, factor: number, numbers: FloatArray, offset: number): void {
  for (let i = 0; i < average.length; i++) average[i] = factor * average[i]! + numbers[offset + i]!;
}
