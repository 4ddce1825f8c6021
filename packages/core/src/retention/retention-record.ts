/** Bytes that a cache took after each update, `[updates]` each; see the memory report of a cache. */
export interface RetentionBytes {
  /** Row buffers with their unused ends; those that forks share count in full. */
  readonly allocated: Float64Array;
  /** Keys and values of the rows held. */
  readonly used: Float64Array;
  /** Positions of the rows held. */
  readonly positions: Float64Array;
  /** State of the eviction policy. */
  readonly policy: Float64Array;
}

/** The scores by which a policy chose, as they stood at one update. */
export interface RetentionScores {
  readonly update: number;
  /**
   * Half-precision bit patterns, `[heads, seen[update]]`: the last score that the policy gave to each
   * token in each head, at this update or before. For an evicted token that is the score that evicted it.
   * NaN where the policy has not scored it.
   */
  readonly values: Uint16Array;
}

/** A run of tokens that belong together, such as the prompt, the answer, or one frame of a video. */
export interface RetentionPart {
  /** Not empty. */
  readonly name: string;
  /** How many, from 1 on. */
  readonly tokens: number;
}

/**
 * Which tokens each head of a cache held after each update: plain data, complete and small, because an
 * evicted token never comes back. After update `u` a head holds token `t` exactly if
 *
 *     t < seen[u]  and  u < evictedAt[head, t].
 *
 * Heads are numbered through all layers: those of layer 0 first. Tokens are numbered as the sequence saw
 * them, from 0 on.
 */
export interface RetentionRecord {
  /** Which model it was: the digest that its cache shape carries, or a name. */
  readonly model: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** KV heads of each layer. */
  readonly headsPerLayer: readonly number[];
  /** Tokens seen after each update, `[updates]`, never falling. */
  readonly seen: Uint32Array;
  readonly bytes: RetentionBytes;
  /**
   * `[heads, tokens]`: the first update after which the head no longer holds the token; the number of
   * updates when it holds it to the end.
   */
  readonly evictedAt: Uint32Array;
  /** By ascending update; often just the last one, or none. */
  readonly scores: readonly RetentionScores[];
  /** Token ids, `[tokens]`, where known. */
  readonly ids?: Uint32Array;
  /** What each token adds to the text, `[tokens]`, where known; together they are the text. */
  readonly pieces?: readonly string[];
  /** All tokens in order, part by part, where it is known what they are part of. */
  readonly parts?: readonly RetentionPart[];
  /** What else a reader should know: budget, seed, where the text is from. */
  readonly notes: Readonly<Record<string, string>>;
}
