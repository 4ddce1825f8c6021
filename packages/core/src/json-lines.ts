import { type FileHandle, open } from 'node:fs/promises';
import { FileFormatError } from './errors.js';
import { parseSealedJson, sealedJson } from './sealed-json.js';

/** What the lines of a file are. */
export interface JsonLinesOptions<T> {
  /** What one line holds, for messages: `a result`. */
  readonly what: string;
  /**
   * Makes a line of the parsed JSON; whatever it throws says that the line is another program's.
   *
   * @param index of the line, from 0
   */
  readonly parse: (value: unknown, index: number) => T;
}

/**
 * A JSONL file that only ever grows, so that a run that is killed anywhere goes on where it stopped. One process
 * writes at a time. A line that is an object ends with a `checksum` of its own; lines without one are read too.
 *
 * @example
 * ```ts
 * const file = await JsonLines.open('results.jsonl', { what: 'a score', parse: Number });
 * await file.append(0.5);
 * file.found; // [] the first time, [0.5] the next
 * await file.close();
 * ```
 */
export class JsonLines<T> {
  /** The lines that the file held when it was opened. */
  readonly found: readonly T[];
  readonly #file: FileHandle;
  /** Length in bytes of the whole lines. */
  #size: number;
  /** Appends come one after another, so that lines never mix. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, found: readonly T[], size: number) {
    this.#file = file;
    this.found = found;
    this.#size = size;
  }

  /**
   * Opens a file, or makes it. Half a line at its end, which a killed run has left, is cut off.
   *
   * @throws {FileFormatError} when a whole line is another program's; nothing is then changed
   * @throws the file system's error when it cannot be opened
   */
  static async open<T>(path: string, options: JsonLinesOptions<T>): Promise<JsonLines<T>> {
    const file = await open(path, 'a+');
    try {
      const text = await file.readFile('utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const found = whole
        .split('\n')
        .slice(0, -1)
        .map((line, index) => parseLine(path, line, index, options));
      const size = Buffer.byteLength(whole);
      if (whole.length < text.length) await file.truncate(size);
      return new JsonLines(file, found, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Adds lines, all or none; when the promise resolves, the disk has them.
   *
   * @throws the file system's error, for instance of a full disk; the file then ends where it did before
   */
  append(...lines: readonly T[]): Promise<void> {
    const appended = this.#last.then(() => this.#write(lines));
    this.#last = appended.catch(() => {});
    return appended;
  }

  /** Closes the file once all appends are done. */
  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #write(lines: readonly T[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${jsonOf(line)}\n`).join(''));
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      // Half a line in the middle would make the whole file unreadable.
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += bytes.byteLength;
  }
}

function jsonOf(line: unknown): string {
  const isObject = typeof line === 'object' && line !== null && !Array.isArray(line);
  return isObject ? sealedJson(line) : JSON.stringify(line);
}

function parseLine<T>(
  path: string,
  line: string,
  index: number,
  { what, parse }: JsonLinesOptions<T>,
): T {
  const wrong = (problem: string, cause: unknown) =>
    new FileFormatError(path, `line ${index + 1} is ${problem}; name another file`, { cause });
  let value: unknown;
  try {
    value = parseSealedJson(line);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw wrong(message.startsWith('damaged') ? message : 'not JSON', cause);
  }
  try {
    return parse(value, index);
  } catch (cause) {
    throw wrong(`not ${what}`, cause);
  }
}
