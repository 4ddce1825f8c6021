import type { Probe } from '@namm/kv-cache';
import { type Piece, pieces } from '../graph/names.js';
import { probeKind } from '../probes/probe-kinds.js';
import type { Session } from '../runtime/runtime.js';
import type { OneQueryAttention } from './one-query-attention.js';

/** Loads a session of `buildAttention`. */
export type LoadAttention = (pieces: readonly Piece[], sequences: number) => Promise<Session>;

/** How many sequences a session may take, descending: a run costs more than the attention of a short one. */
const sizes = [8, 4, 2, 1] as const;

/**
 * What computes the attention of layers that are alike: a kernel for one new token, where there is one; and sessions, without the piece of past that forks share, which most
 * caches have not, and with it; each for a number of sequences. They are loaded when they are first asked for.
 */
export class AttentionSessions {
  /** What is faster for one new token; null where there is nothing. */
  readonly oneQuery: OneQueryAttention | null;
  /** How many sequences a session may take, descending. */
  readonly sizes: readonly number[];
  readonly #load: LoadAttention;
  readonly #sessions = new Map<string, Session | Promise<Session>>();

  /**
   * @param load a session
   * @param probe what it reports: one with inputs of its own is fed one sequence at a time
   * @param oneQuery the kernel
   */
  constructor(load: LoadAttention, probe: Probe, oneQuery: OneQueryAttention | null) {
    this.oneQuery = oneQuery;
    this.#load = load;
    this.sizes = probeKind(probe).feeds ? [1] : sizes;
  }

  /** The most sequences of some that a session takes. */
  largest(sequences: number): number {
    return this.sizes.find((size) => size <= sequences)!;
  }

  /**
   * @param isInTwo whether the past comes in two pieces
   * @param sequences how many, as {@link largest} says
   */
  get(isInTwo: boolean, sequences: number): Session | Promise<Session> {
    const key = `${isInTwo}/${sequences}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const loading = this.#load(isInTwo ? pieces.whole : pieces.small, sequences).then(
      (session) => {
        this.#sessions.set(key, session);
        return session;
      },
      (error: unknown) => {
        this.#sessions.delete(key);
        throw error;
      },
    );
    this.#sessions.set(key, loading);
    return loading;
  }
}
