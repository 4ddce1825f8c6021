import { Histogram } from './histogram.js';

/** Counters of an engine, from its start. */
export class EngineFigures {
  /** Prompt tokens, and how many of them had been read before. */
  promptTokens = 0;
  reusedTokens = 0;
  /** Requests that could reuse an earlier reading of their beginning. */
  prefixHits = 0;
  writtenTokens = 0;
  /** Rows evicted by policies, over all heads. */
  evictedRows = 0;
  requests = 0;
  /** Requests that failed. */
  failures = 0;
  /** Conversations moved to disk to free memory. */
  spills = 0;
  readonly queueSeconds = new Histogram([0.01, 0.1, 1, 5, 30, 120]);
  readonly firstTokenSeconds = new Histogram([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]);
  readonly stepSeconds = new Histogram([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]);
  readonly requestSeconds = new Histogram([0.1, 0.5, 1, 5, 15, 60, 300]);

  waited(milliseconds: number): void {
    this.queueSeconds.add(milliseconds / 1000);
  }

  began(promptTokens: number, reused: number): void {
    this.requests++;
    this.promptTokens += promptTokens;
    this.reusedTokens += reused;
    if (reused > 0) this.prefixHits++;
  }

  stepped(milliseconds: number, written: number): void {
    this.stepSeconds.add(milliseconds / 1000);
    this.writtenTokens += written;
  }

  read(milliseconds: number): void {
    this.firstTokenSeconds.add(milliseconds / 1000);
  }

  evicted(tokens: number, rows: number): void {
    if (tokens > 0) this.evictedRows += Math.max(0, Math.round(rows));
  }

  spilled(): void {
    this.spills++;
  }

  ended(isWhole: boolean, { since }: { readonly since: number }): void {
    if (!isWhole) this.failures++;
    this.requestSeconds.add((performance.now() - since) / 1000);
  }

  /**
   * Whole seconds that a request takes, on average; from 1 to 59. The AI SDK takes no notice of a `Retry-After` of a
   * minute and more, and comes back within seconds.
   */
  secondsPerRequest(): number {
    return Math.max(1, Math.min(59, Math.ceil(this.requestSeconds.mean)));
  }
}
