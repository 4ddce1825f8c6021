import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Size of frames, as ffmpeg's `framecrc` states it before the first. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** Reads what ffmpeg's `framecrc` writes: a head, and a line per frame with its time in units that the head states. */
export class FrameLines {
  #size: FrameSize | null = null;
  #unit = 1;
  readonly #timestamps: AsyncGenerator<number, void>;

  constructor(lines: Readable) {
    this.#timestamps = this.#read(lines);
  }

  /** Of frames whose timestamp was read. */
  get size(): FrameSize | null {
    return this.#size;
  }

  /** The timestamp of the next frame, in seconds; null when there is none. */
  async next(): Promise<number | null> {
    return (await this.#timestamps.next()).value ?? null;
  }

  async *#read(lines: Readable): AsyncGenerator<number, void> {
    const reader = createInterface({ input: lines });
    lines.once('close', () => reader.close()); // it does not see by itself that they were broken off
    for await (const line of reader) {
      const unit = /^#tb 0: (\d+)\/(\d+)/.exec(line);
      if (unit) this.#unit = Number(unit[1]) / Number(unit[2]);
      const size = /^#dimensions 0: (\d+)x(\d+)/.exec(line);
      if (size) this.#size = { width: Number(size[1]), height: Number(size[2]) };
      if (line.startsWith('#')) continue;
      // stream, decoding time, presentation time, …
      const time = Number(line.split(',')[2]);
      if (Number.isFinite(time)) yield Math.max(0, time * this.#unit);
    }
  }
}
