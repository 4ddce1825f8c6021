import { type FileHandle, open } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';

/**
 * Values by key in a JSONL file that only ever grows, so that a run that is stopped anywhere goes on where it stopped.
 * One process writes at a time.
 */
export class LineStore<T> {
  readonly #file: FileHandle;
  readonly #values = new Map<string, T>();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Opens a file, or makes it. What a stopped run left of its last line is cut off.
   *
   * @throws {FileFormatError} when a line is none of ours; nothing is then changed
   */
  static async open<T>(path: string): Promise<LineStore<T>> {
    const file = await open(path, 'a+');
    try {
      const store = new LineStore<T>(file);
      const text = await file.readFile('utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      for (const [index, line] of whole.split('\n').slice(0, -1).entries()) {
        const { key, value } = parseLine<T>(path, index + 1, line);
        store.#values.set(key, value);
      }
      if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
      return store;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The value of a key: that of the file, or else a new one, which is in the file when the promise resolves. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = await make();
    await this.#file.appendFile(`${JSON.stringify({ key, value })}\n`);
    this.#values.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function parseLine<T>(path: string, number: number, text: string): { key: string; value: T } {
  try {
    const line = JSON.parse(text) as { key: string; value: T };
    if (typeof line?.key === 'string' && 'value' in line) return line;
  } catch (cause) {
    const problem = `line ${number} is no JSON; is it a file of results?`;
    throw new FileFormatError(path, problem, { cause });
  }
  throw new FileFormatError(path, `line ${number} is no result; name another file`);
}
