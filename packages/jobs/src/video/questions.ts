import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A question, and when it is to be asked. */
export interface TimedQuestion {
  /** Seconds of the video; null for as soon as can be. */
  readonly time: number | null;
  readonly text: string;
}

/** Questions that come in line by line: `Who came in?`, or `@90 Who came in?` for the second 90 of the video. */
export class Questions {
  readonly #waiting: TimedQuestion[] = [];
  #wake: (() => void) | null = null;
  #hasEnded = false;

  constructor(input: Readable) {
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      const { time, text } = /^(?:@(?<time>\d+(?:\.\d+)?)\s+)?(?<text>.*)$/.exec(line.trim())!
        .groups!;
      if (text) this.#waiting.push({ time: time === undefined ? null : Number(time), text });
      this.#wake?.();
    });
    lines.on('close', () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
  }

  /** The next question that is due at a time of the video, or null. */
  due(time: number): TimedQuestion | null {
    const index = this.#waiting.findIndex((question) => (question.time ?? 0) <= time);
    return index < 0 ? null : this.#waiting.splice(index, 1)[0]!;
  }

  /** The next question, when it comes; null when no more can come. */
  async next(): Promise<TimedQuestion | null> {
    while (this.#waiting.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift() ?? null;
  }
}
