import { closeSync, openSync, readSync } from 'node:fs';
import { FileFormatError } from '@namm/core';
import type { FewBitPlan } from './few-bits.js';

/** A matrix in few bits whose rows are in a file: number = scale · (code − 2^(bits − 1)) + offset, by groups of a row. */
export interface StoredTable {
  readonly path: string;
  /** Numbers of a row. */
  readonly inputs: number;
  readonly plan: FewBitPlan;
  /** First byte of the codes, of the float32 scales, and of the float32 offsets, where there are some. */
  readonly codes: number;
  readonly scales: number;
  readonly offsets: number | null;
}

/**
 * Rows of a table that stays in its file. A graph would map it, and each row that is read would count as 64 KB of resident
 * memory, since the system brings in pages around it. The numbers are those that a graph computes, to the last bit.
 */
export class StoredRows {
  readonly #table: StoredTable;
  readonly #factor: number;
  readonly #file: number;
  readonly #codes: Uint8Array;
  readonly #scales: Float32Array;
  readonly #offsets: Float32Array;

  /**
   * @param table where it is
   * @param factor on each number
   * @throws the system's error when the file cannot be opened
   */
  constructor(table: StoredTable, factor: number) {
    const { inputs, plan } = table;
    this.#table = table;
    this.#factor = Math.fround(factor);
    this.#codes = new Uint8Array((inputs * plan.bits) / 8);
    this.#scales = new Float32Array(inputs / plan.groupSize);
    this.#offsets = new Float32Array(plan.hasOffsets ? inputs / plan.groupSize : 0);
    this.#file = openSync(table.path, 'r');
  }

  /**
   * @returns `[ids, inputs]`
   * @throws {FileFormatError} when the file has become shorter
   */
  read(ids: Int32Array): Float32Array {
    const { inputs } = this.#table;
    const rows = new Float32Array(ids.length * inputs);
    for (const [i, id] of ids.entries()) {
      this.#readRow(id, rows.subarray(i * inputs, (i + 1) * inputs));
    }
    return rows;
  }

  close(): void {
    closeSync(this.#file);
  }

  #readRow(id: number, out: Float32Array): void {
    const { plan, codes, scales, offsets } = this.#table;
    const { bits, groupSize } = plan;
    this.#fill(this.#codes, codes, id);
    this.#fill(this.#scales, scales, id);
    if (offsets !== null) this.#fill(this.#offsets, offsets, id);
    const zero = 2 ** (bits - 1);
    for (let i = 0; i < out.length; i++) {
      const code = bits === 8 ? this.#codes[i]! : (this.#codes[i >> 1]! >> (4 * (i & 1))) & 15;
      const group = (i / groupSize) | 0;
      // Rounded after each step, as in the graph.
      let number = Math.fround((code - zero) * this.#scales[group]!);
      if (offsets !== null) number = Math.fround(number + this.#offsets[group]!);
      out[i] = number * this.#factor;
    }
  }

  /** Reads one row of a part that begins at a byte of the file. */
  #fill(row: Uint8Array | Float32Array, first: number, id: number): void {
    const length = row.byteLength;
    let done = 0;
    while (done < length) {
      const read = readSync(this.#file, row, done, length - done, first + id * length + done);
      if (read === 0) {
        const problem = 'has become shorter since the model was loaded; load it again.';
        throw new FileFormatError(this.#table.path, problem);
      }
      done += read;
    }
  }
}
