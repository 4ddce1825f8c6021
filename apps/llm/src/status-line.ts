/**
 * A line on a terminal that is written over again and again; elsewhere nothing is shown until it is done,
 * so that logs stay readable.
 */
export class StatusLine {
  readonly #stream = process.stderr;

  show(text: string): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[2K${text}`);
  }

  /** Puts a last text in the line's place and ends it. */
  finish(text: string): void {
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
  }
}
