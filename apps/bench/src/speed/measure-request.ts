/** What one process measures. */
export interface MeasureRequest {
  readonly runtime: 'ours' | 'transformers.js';
  /** Model folder in the form the runtime reads. */
  readonly folder: string;
  /** Tokens of the prompt. */
  readonly length: number;
  /** Tokens per head that an evicting policy may hold; null for the full cache. */
  readonly budget: number | null;
  /** Decode steps after the prompt. */
  readonly newTokens: number;
  readonly seed: number;
  /** Where to put the logits of the prompt's last token and of the last step; null for nowhere. */
  readonly logitsFile: string | null;
}

/** What it found. */
export interface Measured {
  /** CPU seconds that reading the prompt took. */
  readonly prefill: number;
  /** CPU seconds of one decode step, mean. */
  readonly decode: number;
  /** Greedy tokens: one after the prompt, and one after each step. */
  readonly tokens: readonly number[];
  /** Largest resident memory of the process, MB. */
  readonly peakMegabytes: number;
}
