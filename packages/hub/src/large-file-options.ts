import type { RetryPolicy } from './retry.js';

export interface LargeFileOptions {
  readonly retries: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  onProgress(loaded: number, total: number): void;
}
