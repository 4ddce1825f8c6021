import type { ProtectedSpan } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';
import type { Pace } from './pace.js';

/** Writes one answer: chooses token after token. */
export interface Writer {
  /**
   * The token to go on with, or null when the answer is over.
   *
   * @param logits of the last token, `[vocabulary]`; they may be changed
   */
  next(logits: Float32Array): number | null;
}

export interface EngineRequest {
  /** The whole prompt, what the engine has read of it before included; at least one token. */
  readonly ids: Int32Array;
  readonly policy: ChosenPolicy;
  /** Tokens that no policy may drop. */
  readonly spans?: readonly ProtectedSpan[];
  /** Last tokens of the prompt that no policy may drop while this answer is written. */
  readonly tail?: number;
  /** Lengths of beginnings that other prompts may share, such as a system prompt. */
  readonly keepAt?: readonly number[];
  /** Most tokens of an answer. */
  readonly maxNewTokens: number;
  /** One for each answer; the prompt is read once for all. */
  readonly writers: readonly Writer[];
  /** Who asks; clients take turns. */
  readonly client?: string;
  /** Holds it while its reader is slow. */
  readonly pace?: Pace;
  /** Stops it; what was read until then is kept. */
  readonly signal?: AbortSignal;
  /** Is told once nothing was refused: the request waits, or is answered. */
  readonly onAccepted?: () => void;
}

/** What became of a request. */
export interface EngineResult {
  /** Tokens of the prompt that had been read before. */
  readonly reused: number;
  /** Of each answer's cache. */
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
