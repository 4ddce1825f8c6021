import type { ProgressEvent, ProgressListener } from '@namm/core';
import type { StepOptions } from '@namm/kv-cache';

/**
 * Lets a signal, or an error of the progress listener, stop a step in another thread: one shared number
 * that the worker reads between chunks, without waiting for a message.
 */
export class StopFlag {
  readonly buffer = new SharedArrayBuffer(4);
  /** The caller's listener, whose errors are kept until the step has ended. */
  readonly onProgress: ProgressListener;
  readonly #signal: AbortSignal | undefined;
  #failure: { readonly error: unknown } | null = null;

  constructor({ signal, onProgress }: StepOptions) {
    this.#signal = signal;
    this.onProgress = (event: ProgressEvent) => {
      if (this.#failure) return;
      try {
        onProgress?.(event);
      } catch (error) {
        this.#failure = { error };
        this.#raise();
      }
    };
    if (signal?.aborted) this.#raise();
    signal?.addEventListener('abort', this.#raise);
  }

  /** @throws what the progress listener threw, if it did */
  throwIfListenerFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Stops listening to the signal. */
  dispose(): void {
    this.#signal?.removeEventListener('abort', this.#raise);
  }

  readonly #raise = (): void => {
    Atomics.store(new Int32Array(this.buffer), 0, 1);
  };
}
