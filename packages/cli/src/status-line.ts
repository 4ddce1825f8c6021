/** The part of a terminal's stream that a status line uses. */
export interface StatusStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * A line on a terminal that is written over again and again, cut to the terminal's width. Where there is no terminal,
 * only what stays is written, so that logs remain readable.
 *
 * @example
 * ```ts
 * const status = new StatusLine();
 * status.show('read 100 of 400 tokens');
 * status.finish('read 400 tokens in 1.2 s');
 * ```
 */
export class StatusLine {
  readonly #stream: StatusStream;
  readonly #isTerminal: boolean;
  #isShown = false;

  /** @param stream standard error if left out: standard output belongs to results */
  constructor(stream: StatusStream = process.stderr) {
    this.#stream = stream;
    this.#isTerminal = stream.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** What is going on just now. */
  show(text: string): void {
    if (!this.#isTerminal) return;
    const width = (this.#stream.columns ?? 80) - 1; // a full line would wrap, and stay
    const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    this.#stream.write(`\r\x1b[2K${cut}`);
    this.#isShown = true;
  }

  /** Clears the line, for other output. */
  clear(): void {
    if (this.#isShown) this.#stream.write('\r\x1b[2K');
    this.#isShown = false;
  }

  /** Puts a text that stays in the line's place. */
  finish(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }
}
