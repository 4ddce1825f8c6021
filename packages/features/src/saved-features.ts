import { InvalidArgumentError } from '@namm/core/portable';
import { pendingRows } from './frame-grid.js';
import { bins } from './stft.js';
import { newRows, type Storage, type StoredRow } from './stored-row.js';

/** What a {@link SavedFeatures} is made of. */
export interface StoredState {
  readonly storage: Storage;
  readonly decay: number;
  readonly seen: number;
  readonly slots: number;
  /** The pending rows, oldest first; a row ends with the last token that was born when it was computed. */
  readonly rows: readonly StoredRow[];
  /** The moving average per frequency; it ends with the last token that was born in a finished frame. */
  readonly spectrum: readonly StoredRow[];
}

/** Everything that a {@link FeatureState} remembers, as plain arrays that any file can store. */
export interface SavedFeatures {
  /** Queries seen and cached tokens: `[2]`. */
  readonly counts: Float64Array;
  /** Length of each row below: `[rows]`. */
  readonly lengths: Uint32Array;
  /**
   * The pending attention rows, oldest first, then the moving average per frequency. Each row ends with the last token
   * that it covers. Half-precision bit patterns, or single precision.
   */
  readonly numbers: Uint16Array | Float32Array;
}

/** A state as plain arrays. */
export function saveFeatures({ seen, slots, rows, spectrum, storage }: StoredState): SavedFeatures {
  const all = [...rows, ...spectrum];
  const lengths = Uint32Array.from(all, ({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const numbers = storage === 'float16' ? new Uint16Array(total) : new Float32Array(total);
  let end = 0;
  for (const row of all) {
    numbers.set(row, end);
    end += row.length;
  }
  return { counts: Float64Array.of(seen, slots), lengths, numbers };
}

/**
 * What {@link saveFeatures} gave, checked.
 *
 * @throws {InvalidArgumentError} when it is not the state of a head with this storage
 */
export function restoreFeatures(
  { counts, lengths, numbers }: SavedFeatures,
  { storage, decay }: { readonly storage: Storage; readonly decay: number },
): StoredState {
  const fail = (problem: string) =>
    new InvalidArgumentError('saved', `not the state of a head: ${problem}`);
  if (!(numbers instanceof (storage === 'float16' ? Uint16Array : Float32Array))) {
    throw fail(`its numbers are not ${storage}`);
  }
  const [seen = -1, slots = -1] = counts;
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (counts.length !== 2 || !isCount(seen) || !isCount(slots)) throw fail('its counts are wrong');
  const rowCount = pendingRows(seen);
  if (lengths.length !== rowCount + bins) {
    throw fail(`it has ${lengths.length} rows instead of ${rowCount + bins}`);
  }
  if (lengths.some((length) => length > slots)) throw fail('a row is too long');
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== numbers.length) {
    throw fail(`it has ${numbers.length} numbers instead of ${total}`);
  }
  const all = newRows([...lengths], storage);
  let end = 0;
  for (const row of all) {
    row.set(numbers.subarray(end, end + row.length));
    end += row.length;
  }
  const [rows, spectrum] = [all.slice(0, rowCount), all.slice(rowCount)];
  return { storage, decay, seen, slots, rows, spectrum };
}
