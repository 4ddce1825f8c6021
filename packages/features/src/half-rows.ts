import { WasmInstance } from '@namm/core/portable';
import { type Functions, module } from './generated/half-rows.js';

let kernels: WasmInstance<Functions> | null = null;
let address = 0;
let capacity = 0;

/** Room for the numbers of one call, which stays for the next. */
function reserve(bytes: number): WasmInstance<Functions> {
  kernels ??= new WasmInstance<Functions>(module);
  if (bytes > capacity) {
    if (capacity > 0) kernels.release(address);
    capacity = Math.ceil(1.25 * bytes);
    address = kernels.allocate(capacity);
  }
  return kernels;
}

/** The kernel reads and writes four numbers at a time, so up to three too many. */
const roundUp = (count: number) => Math.ceil(count / 4) * 4 + 4;

/**
 * Rows side by side in one array, without a copy where they are; the kernel's memory is to hold them so.
 *
 * @param rows of equal lengths
 */
function copyRows(rows: readonly Uint16Array[], target: Uint16Array): void {
  const { buffer, byteOffset, length, byteLength } = rows[0]!;
  const areTogether = rows.every(
    (row, i) => row.buffer === buffer && row.byteOffset === byteOffset + i * byteLength,
  );
  if (areTogether) target.set(new Uint16Array(buffer, byteOffset, rows.length * length));
  else for (const [i, row] of rows.entries()) target.set(row, i * length);
}

/**
 * average ← weight · average + spectrum, in double precision, rounded to single and then to half precision.
 *
 * @param averages of equal lengths; slots beyond have 0
 * @param spectrum `[rows, slots]`
 * @param limit numbers of the spectrum are to be from 0 to this
 * @param target `[rows, slots]`
 * @returns whether the spectrum is in its limits; else the target is not written to
 */
export function foldHalfRows(
  averages: readonly Uint16Array[],
  spectrum: Float32Array,
  weight: number,
  limit: number,
  target: Uint16Array,
): boolean {
  const { length: bins } = averages;
  const oldSlots = averages[0]!.length;
  const slots = spectrum.length / bins;
  const results = 4 * roundUp(spectrum.length);
  const old = results + 2 * roundUp(spectrum.length);
  const wasm = reserve(old + 2 * roundUp(bins * oldSlots));
  wasm.float32(address, spectrum.length).set(spectrum);
  copyRows(averages, wasm.uint16(address + old, bins * oldSlots));
  const isIn = wasm.functions.fold(
    address + old,
    oldSlots,
    address,
    slots,
    bins,
    weight,
    address + results,
    limit,
  );
  if (isIn) target.set(wasm.uint16(address + results, spectrum.length));
  return isIn === 1;
}

/**
 * Rounds numbers from 0 to 65519 to half precision.
 *
 * @returns bit patterns in the kernel's memory, to be copied before the next call
 */
export function roundToHalves(values: Float32Array): Uint16Array {
  const results = 4 * roundUp(values.length);
  const wasm = reserve(results + 2 * roundUp(values.length));
  wasm.float32(address, values.length).set(values);
  wasm.functions.round(address, values.length, address + results);
  return wasm.uint16(address + results, values.length);
}
