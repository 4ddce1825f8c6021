import type { ProgressEvent } from '@namm/core';
import { StatusLine, type StatusStream } from './status-line.js';

/**
 * How much is done and how long the rest will take, on one line of a terminal.
 *
 * @example
 * ```ts
 * const line = new ProgressLine('prompts');
 * await measureRows(rows, { ...options, onProgress: (event) => line.update(event) });
 * line.clear();
 * ```
 */
export class ProgressLine {
  readonly #line: StatusLine;
  readonly #unit: string;
  #first: { readonly what: string; readonly done: number; readonly time: number } | null = null;

  /** @param unit what is counted */
  constructor(unit: string, stream?: StatusStream) {
    this.#unit = unit;
    this.#line = new StatusLine(stream);
  }

  /** @param what is being done; the time left is reckoned anew when it changes */
  update({ done, total }: Pick<ProgressEvent, 'done' | 'total'>, what = ''): void {
    const now = performance.now();
    if (this.#first?.what !== what || done < this.#first.done) {
      this.#first = { what, done, time: now };
    }
    const perUnit = (now - this.#first.time) / (done - this.#first.done);
    const left = Number.isFinite(perUnit)
      ? `, ${describeDuration(perUnit * (total - done))} left`
      : '';
    this.#line.show(`${what === '' ? '' : `${what}: `}${done} of ${total} ${this.#unit}${left}`);
  }

  clear(): void {
    this.#line.clear();
  }
}

function describeDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
