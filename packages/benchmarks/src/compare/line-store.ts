import { JsonLines } from '@namm/core';

/** A line of the file. */
interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/**
 * Values by key in an append-only JSONL file, so that a run stopped at any point resumes there. Only one process may
 * write at a time.
 */
export class LineStore<T> {
  readonly #file: JsonLines<Entry<T>>;
  readonly #values: Map<string, T>;

  private constructor(file: JsonLines<Entry<T>>) {
    this.#file = file;
    this.#values = new Map(file.found.map(({ key, value }) => [key, value]));
  }

  /**
   * Opens a file, or creates it. An incomplete last line of a stopped run is removed.
   *
   * @throws {FileFormatError} when a line is invalid; nothing is then changed
   * @throws the file system's error when it cannot be opened
   */
  static async open<T>(path: string): Promise<LineStore<T>> {
    return new LineStore(await JsonLines.open(path, { what: 'a result', parse: entryOf<T> }));
  }

  /** The value of a key: from the file, or else newly made and in the file when the promise resolves. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = await make();
    await this.#file.append({ key, value });
    this.#values.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** All entries. */
  entries(): (readonly [key: string, value: T])[] {
    return [...this.#values];
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function entryOf<T>(line: unknown): Entry<T> {
  const entry = line as Entry<T> | null;
  if (typeof entry?.key === 'string' && 'value' in entry) return entry;
  throw new TypeError('a line has a key and a value');
}
