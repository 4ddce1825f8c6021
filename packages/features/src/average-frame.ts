import { bins, frameMagnitudes, windowSize } from './stft.js';
import { loadRow, type Storage, type StoredRow, storeRow } from './stored-row.js';

/** Slots transformed at a time, so that a frame of them stays in the first-level cache. */
const tileSize = 128;
const frameTile = new Float32Array(windowSize * tileSize);
const magnitudeTile = new Float64Array(bins * tileSize);

/**
 * The moving averages after one more frame: w ← g w + (1 − g) |S|, rounded to the storage type.
 *
 * @param rows the 32 attention rows of the frame, oldest first
 * @param spectrum the averages before it
 * @param born slots whose tokens were born by its end
 * @param weight g
 */
export function averageFrame(
  rows: readonly StoredRow[],
  spectrum: readonly StoredRow[],
  born: number,
  weight: number,
  storage: Storage,
): StoredRow[] {
  const averages = spectrum.map((old) => {
    const average = new Float32Array(born);
    loadRow(old, 0, born, average, 0);
    return average;
  });
  for (let start = 0; start < born; start += tileSize) {
    const count = Math.min(tileSize, born - start);
    for (const [n, row] of rows.entries()) loadRow(row, start, count, frameTile, n * tileSize);
    frameMagnitudes(frameTile, tileSize, count, magnitudeTile);
    for (const [bin, average] of averages.entries()) {
      for (let i = 0; i < count; i++) {
        const magnitude = magnitudeTile[bin * tileSize + i]!;
        average[start + i] = weight * average[start + i]! + (1 - weight) * magnitude;
      }
    }
  }
  return averages.map((average) => storeRow(average, storage));
}
