import { InvalidArgumentError } from '@namm/core/portable';
import type { StoredState } from './feature-state.js';
import { pendingRows } from './frame-grid.js';
import { bins } from './spectrum-settings.js';
import type { StoredRow } from './stored-row.js';

/** 'NAMM', 'F', and the version of this layout. */
const signature = Uint8Array.of(0x4e, 0x41, 0x4d, 0x4d, 0x46, 1);
// signature, storage (2 = float16, 4 = float32), reserved, decay, seen, slots, checksum
const headerBytes = 40;

/**
 * A header of 40 bytes; the length of every row; the rows. Little-endian.
 */
export function encodeState(state: StoredState): Uint8Array {
  const { storage, decay, seen, slots } = state;
  const all = [...state.rows, ...state.spectrum];
  const data = all.reduce((sum, row) => sum + row.byteLength, 0);
  const bytes = new Uint8Array(headerBytes + 4 * all.length + data);
  const view = new DataView(bytes.buffer);
  bytes.set(signature);
  view.setUint8(6, storage === 'float16' ? 2 : 4);
  view.setFloat64(8, decay, true);
  view.setFloat64(16, seen, true);
  view.setFloat64(24, slots, true);
  let end = headerBytes + 4 * all.length;
  for (const [index, row] of all.entries()) {
    view.setUint32(headerBytes + 4 * index, row.length, true);
    bytes.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), end);
    end += row.byteLength;
  }
  view.setUint32(32, checksum(bytes), true);
  return bytes;
}

/** @throws {InvalidArgumentError} when the bytes are not those of a state */
export function decodeState(bytes: Uint8Array): StoredState {
  const fail = (problem: string) =>
    new InvalidArgumentError('bytes', `not a saved feature state: ${problem}`);
  if (bytes.length < headerBytes || signature.some((byte, i) => bytes[i] !== byte)) {
    throw fail('it does not begin like one');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(32, true) !== checksum(bytes)) throw fail('it was cut off or damaged');
  const width = view.getUint8(6);
  const decay = view.getFloat64(8, true);
  const seen = view.getFloat64(16, true);
  const slots = view.getFloat64(24, true);
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  const isValid = (width === 2 || width === 4) && decay > 0 && decay < 1;
  if (!isValid || !isCount(seen) || !isCount(slots)) throw fail('its header is wrong');

  const rowCount = pendingRows(seen);
  let offset = headerBytes + 4 * (rowCount + bins);
  if (offset > bytes.length) throw fail('it was cut off');
  const all = Array.from({ length: rowCount + bins }, (_, index): StoredRow => {
    const length = view.getUint32(headerBytes + 4 * index, true);
    const end = offset + length * width;
    if (length > slots || end > bytes.length) throw fail('a row is too long');
    const { buffer } = bytes.slice(offset, end); // aligned
    offset = end;
    return width === 2 ? new Uint16Array(buffer) : new Float32Array(buffer);
  });
  if (offset !== bytes.length) throw fail('it has bytes too many');
  const storage = width === 2 ? 'float16' : 'float32';
  return {
    storage,
    decay,
    seen,
    slots,
    rows: all.slice(0, rowCount),
    spectrum: all.slice(rowCount),
  };
}

/** FNV-1a over everything but the checksum itself (bytes 32 … 35). */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) {
    if (i >= 32 && i < 36) continue;
    hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
  }
  return hash >>> 0;
}
