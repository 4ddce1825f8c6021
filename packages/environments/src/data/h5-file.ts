import { stat } from 'node:fs/promises';
import { FileFormatError, NammError } from '@namm/core';
import type * as H5wasm from 'h5wasm';
import type { Dataset, File, Group } from 'h5wasm';

/** What the error handler of h5wasm lacks in its own types. */
interface ErrorHandling {
  activate_throwing_error_handler(): number;
  deactivate_throwing_error_handler(): number;
}

/** The release that this package was tested with. */
const h5wasmVersion = '0.10.3';
/** Filters that h5wasm has; data behind any other would be read as wrong numbers. */
const knownFilters = new Map([
  [1, 'deflate'],
  [2, 'shuffle'],
  [3, 'fletcher32'],
]);

let loading: Promise<{ h5wasm: typeof H5wasm.default; errors: ErrorHandling }> | null = null;

function loadH5wasm() {
  loading ??= (async () => {
    let h5wasm: typeof H5wasm.default;
    try {
      ({ default: h5wasm } = await import('h5wasm/node'));
    } catch (cause) {
      const problem = `Reading HDF5 files needs h5wasm: npm install h5wasm@${h5wasmVersion}`;
      throw new NammError('MISSING_PACKAGE', problem, { cause });
    }
    return { h5wasm, errors: (await h5wasm.ready) as unknown as ErrorHandling };
  })();
  return loading;
}

/**
 * An HDF5 file to read from. Left to itself, h5wasm opens damaged files without an error and reads damaged
 * data as wrong numbers with a line on stderr; here each of these is a typed error.
 */
export class H5File {
  readonly path: string;
  readonly #file: File;
  readonly #errors: ErrorHandling;
  #open = true;

  private constructor(path: string, file: File, errors: ErrorHandling) {
    this.path = path;
    this.#file = file;
    this.#errors = errors;
  }

  /**
   * @throws {FileFormatError} when there is no such file, or it is not a complete HDF5 file
   * @throws {NammError} `MISSING_PACKAGE` when h5wasm is not installed
   */
  static async open(path: string): Promise<H5File> {
    const found = await stat(path).catch((cause) => {
      throw new FileFormatError(path, 'cannot be read', { cause });
    });
    if (!found.isFile()) throw new FileFormatError(path, 'is not a file');
    const { h5wasm, errors } = await loadH5wasm();
    const file = guarded(
      errors,
      path,
      'is not a complete HDF5 file',
      () => new h5wasm.File(path, 'r'),
    );
    if (file.file_id < 0n) throw new FileFormatError(path, 'is not a complete HDF5 file');
    return new H5File(path, file, errors);
  }

  /** Names in a group. */
  keys(group = '/'): string[] {
    return this.guarded(group, () => (this.#file.get(group) as Group).keys());
  }

  has(key: string): boolean {
    const parent = key.lastIndexOf('/');
    const folder = parent <= 0 ? '/' : key.slice(0, parent);
    return this.keys(folder).includes(key.slice(parent + 1));
  }

  /** A number that belongs to a group, or null where there is none of this name. */
  numberAttribute(group: string, name: string): number | null {
    return this.guarded(group, () => {
      const value = (this.#file.get(group) as Group).attrs[name]?.value;
      return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null;
    });
  }

  /**
   * @throws {FileFormatError} when there is none, naming what there is; when it holds no numbers; when it is
   *   compressed in a way that cannot be read
   */
  dataset(key: string): H5Numbers {
    if (!this.has(key)) {
      const parent = key.includes('/') ? key.slice(0, key.lastIndexOf('/')) : '/';
      const problem = `lacks ${key}; it has ${this.keys(parent).join(', ') || 'nothing'}`;
      throw new FileFormatError(this.path, problem, { details: { key } });
    }
    const found = this.guarded(key, () => this.#file.get(key));
    if (found === null || !('filters' in found)) {
      throw new FileFormatError(this.path, `${key} is not an array`, { details: { key } });
    }
    return new H5Numbers(this, key, found);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }

  /** Does what may find damage, and says where it was found. */
  guarded<T>(key: string, work: () => T): T {
    if (!this.#open) throw new FileFormatError(this.path, 'was closed');
    return guarded(this.#errors, this.path, `${key} cannot be read`, work);
  }
}

function guarded<T>(errors: ErrorHandling, path: string, problem: string, work: () => T): T {
  errors.activate_throwing_error_handler();
  try {
    return work();
  } catch (cause) {
    if (NammError.isInstance(cause)) throw cause;
    // The library's report has a line for each level; the last one is the reason.
    const reasons = [...String((cause as Error).message).matchAll(/ in \w+\(\): (.*)/g)];
    const reason = reasons.at(-1)?.[1];
    throw new FileFormatError(path, reason ? `${problem}: ${reason}` : problem, { cause });
  } finally {
    errors.deactivate_throwing_error_handler();
  }
}

/** An array of numbers in a file, read in rows. Rows in order are decompressed once. */
export class H5Numbers {
  readonly key: string;
  readonly shape: readonly number[];
  readonly rows: number;
  /** Numbers in a row. */
  readonly width: number;
  readonly #file: H5File;
  readonly #dataset: Dataset;
  readonly #blockRows: number;
  #block: { from: number; numbers: Float32Array } = { from: -1, numbers: new Float32Array(0) };

  constructor(file: H5File, key: string, dataset: Dataset) {
    this.#file = file;
    this.#dataset = dataset;
    this.key = key;
    const { metadata, filters } = file.guarded(key, () => ({
      metadata: dataset.metadata,
      filters: dataset.filters,
    }));
    const details = { key };
    const unknown = filters.find(({ id }) => !knownFilters.has(id));
    if (unknown) {
      const name = unknown.name || 'unknown';
      const problem = `${key} is compressed with ${name} (filter ${unknown.id}), which cannot be read here; repack it: h5repack -f GZIP=4 OLD NEW`;
      throw new FileFormatError(file.path, problem, { details });
    }
    const { type, size, shape, chunks } = metadata;
    const isNumber = (type === 0 && size <= 8) || (type === 1 && size >= 4) || type === 8;
    if (!isNumber || !shape || shape.length === 0) {
      const problem = `${key} is not an array of whole, 32-bit or 64-bit numbers`;
      throw new FileFormatError(file.path, problem, { details });
    }
    this.shape = shape;
    this.rows = shape[0]!;
    this.width = shape.slice(1).reduce((product, length) => product * length, 1);
    // About a megabyte of whole chunks.
    const wanted = Math.max(1, Math.floor(262_144 / Math.max(1, this.width)));
    const chunk = chunks?.[0] ?? 1;
    this.#blockRows = Math.max(chunk, Math.floor(wanted / chunk) * chunk);
  }

  /**
   * Rows `from` … `to` − 1.
   * @throws {FileFormatError} when they are damaged, or hold a number that is not finite
   */
  read(from: number, to: number): Float32Array {
    const numbers = new Float32Array((to - from) * this.width);
    for (let row = from; row < to; ) {
      const block = this.#blockOf(row);
      const end = Math.min(to, block.from + block.numbers.length / this.width);
      const piece = block.numbers.subarray(
        (row - block.from) * this.width,
        (end - block.from) * this.width,
      );
      numbers.set(piece, (row - from) * this.width);
      row = end;
    }
    return numbers;
  }

  /** The number of a row, of an array with one number a row. */
  at(row: number): number {
    const block = this.#blockOf(row);
    return block.numbers[row - block.from]!;
  }

  #blockOf(row: number): { from: number; numbers: Float32Array } {
    const from = Math.floor(row / this.#blockRows) * this.#blockRows;
    if (from === this.#block.from) return this.#block;
    const to = Math.min(this.rows, from + this.#blockRows);
    const { path } = this.#file;
    const read = this.#file.guarded(this.key, () =>
      this.#dataset.slice([[from, to], ...this.shape.slice(1).map((): [] => [])]),
    );
    const numbers = Float32Array.from(read as ArrayLike<number | bigint>, Number);
    if (numbers.length !== (to - from) * this.width) {
      const problem = `${this.key} gave ${numbers.length} numbers for ${to - from} rows of ${this.width}`;
      throw new FileFormatError(path, problem, { details: { key: this.key } });
    }
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const place = `row ${from + Math.floor(bad / this.width)}, column ${bad % this.width}`;
      const problem = `${this.key} is ${numbers[bad]} in ${place}`;
      throw new FileFormatError(path, problem, { details: { key: this.key } });
    }
    this.#block = { from, numbers };
    return this.#block;
  }
}
