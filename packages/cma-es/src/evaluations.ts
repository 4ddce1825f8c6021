import type { Candidate } from './candidate.js';

/** Milliseconds of work after which everything else that waits gets its turn: timers, signals, a page. */
const longestStretch = 50;

/** Runs the evaluations of a search, so many at once, until the time is over. */
export class Evaluations {
  readonly #evaluate: (candidate: Candidate, signal: AbortSignal) => Promise<void>;
  readonly #concurrency: number;
  readonly #end: number;
  readonly #controller = new AbortController();
  /** Fails when the search is aborted, so that nobody waits for evaluations that go on regardless. */
  readonly #aborted: Promise<never>;
  #lastPause = performance.now();
  #pausing: Promise<void> | null = null;

  /** @param end no evaluation starts from then on, by `performance.now()` */
  constructor(
    evaluate: (candidate: Candidate, signal: AbortSignal) => Promise<void>,
    concurrency: number,
    end: number,
  ) {
    this.#evaluate = evaluate;
    this.#concurrency = concurrency;
    this.#end = end;
    const { signal } = this.#controller;
    this.#aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    this.#aborted.catch(() => {}); // waiters get the rejection; there may be none
  }

  get timeIsOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Starts no evaluation any more, and tells those that run. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  throwIfAborted(): void {
    this.#controller.signal.throwIfAborted();
  }

  /** Evaluates candidates in their order, as far as the time allows; the first error ends it. */
  async of(candidates: readonly Candidate[]): Promise<void> {
    const { signal } = this.#controller;
    let next = 0;
    const work = async () => {
      for (;;) {
        await this.#pause(); // before a candidate is taken, so that they begin in their order
        if (next >= candidates.length || this.timeIsOver || signal.aborted) return;
        await this.#evaluate(candidates[next++]!, signal);
      }
    };
    const workers = Math.min(this.#concurrency, candidates.length);
    const all = Promise.all(Array.from({ length: workers }, work));
    await Promise.race([all, this.#aborted]);
  }

  /** One pause for all workers when the last one is long ago, otherwise none. */
  #pause(): Promise<void> | null {
    if (!this.#pausing && performance.now() - this.#lastPause > longestStretch) {
      this.#pausing = new Promise((resolve) => {
        setTimeout(() => {
          this.#lastPause = performance.now();
          this.#pausing = null;
          resolve();
        }, 0);
      });
    }
    return this.#pausing;
  }
}
