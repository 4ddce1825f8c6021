import type { ProtectedSpan } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';
import type { Pace } from './pace.js';

/** Writes one answer by choosing its tokens. */
export interface Writer {
  /**
   * The next token, or null when the answer is complete.
   *
   * @param logits of the last token, `[vocabulary]`; they may be changed
   */
  next(logits: Float32Array): number | null;
}

export interface EngineRequest {
  /** The whole prompt, including parts that the engine has already read; at least one token. */
  readonly ids: Int32Array;
  readonly policy: ChosenPolicy;
  /** Tokens that no policy may drop. */
  readonly spans?: readonly ProtectedSpan[];
  /** Number of last prompt tokens that no policy may drop while this answer is written. */
  readonly tail?: number;
  /** Lengths of beginnings that other prompts may share, such as a system prompt. */
  readonly keepAt?: readonly number[];
  /** Most tokens of an answer. */
  readonly maxNewTokens: number;
  /** One writer per answer; the prompt is read once for all. */
  readonly writers: readonly Writer[];
  /** Name of the client; clients take turns. */
  readonly client?: string;
  /** Pauses it while its reader is slow. */
  readonly pace?: Pace;
  /** Aborts it; what was read so far is kept. */
  readonly signal?: AbortSignal;
  /** Called when the request is accepted: it waits, or is being answered. */
  readonly onAccepted?: () => void;
}

/** The outcome of a request. */
export interface EngineResult {
  /** Tokens of the prompt that had been read before. */
  readonly reused: number;
  /** The cache of each answer. */
  readonly conversations: readonly {
    readonly id: string;
    /** Tokens seen, evicted ones included. */
    readonly seen: number;
    /** Rows per head that are held, on average. */
    readonly held: number;
    /** The same for each layer. */
    readonly heldPerLayer: readonly number[];
    /** Bytes of what is held and of the policy's state. */
    readonly bytes: number;
  }[];
}
