/** How the keys of a layer are rotated: numbers i and i + pairs of a key form pair i. */
export interface KeyRotation {
  /** Angle per position of each pair. */
  readonly frequencies: Float32Array;
  /** Factor by which rotated numbers are also scaled; 1 except for some context extensions. */
  readonly factor: number;
}

/** What one decoder layer caches per token. */
export interface LayerShape {
  readonly keyValueHeads: number;
  readonly queryHeads: number;
  /** Numbers per key and per value row. */
  readonly headSize: number;
  /**
   * Sliding window in tokens: a query at position p sees keys at positions above p − window. Null when
   * the layer sees everything.
   */
  readonly window: number | null;
  /**
   * How cached keys are rotated by their positions, for policies that undo it. `unknown` if the rotation depends on
   * more than one position, such as on the sequence length or several axes.
   * @defaultValue keys are not rotated
   */
  readonly rotation?: KeyRotation | 'unknown';
  /**
   * Whether part of each query's attention goes to no token, so that the attention to tokens sums to less than 1.
   * @defaultValue false
   */
  readonly hasSinks?: boolean;
}

/** The array that a layer without rows keeps of a sequence. */
export interface StateShape {
  /** Numbers, in float32; all 0 before the first token. */
  readonly size: number;
}

/** Precision in which keys and values are stored; int8 has a scale per row of a head. */
export type CacheDtype = 'fp32' | 'fp16' | 'int8';

/** What a model needs from a cache, and which model it is. */
export interface CacheShape {
  /** Digest of the model's configuration and weights; a cache serves only the model it was made for. */
  readonly model: string;
  /**
   * Digest of only the weights and their configuration, which does not change when the context is extended. A policy
   * that was made for one model recognises it by this digest.
   * @defaultValue as `model`
   */
  readonly weights?: string;
  /** The layers that hold rows (those with attention), in order. */
  readonly layers: readonly LayerShape[];
  /**
   * What layers without rows, such as convolutions, keep of a sequence: one array of fixed size each, whatever the
   * sequence's length. Policies do not see them.
   * @defaultValue every layer holds rows
   */
  readonly states?: readonly StateShape[];
  /**
   * Precision in which keys and values are stored. What the model reads, and what a policy sees, is rounded to it.
   * @defaultValue 'fp32'
   */
  readonly dtype?: CacheDtype;
  /**
   * How positions are assigned; a cache sets this from its options. Query it with `hasCompactPositions`.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /**
   * Number of position axes, for a model whose tokens have explicit positions on several axes (M-RoPE has three). Every
   * update then contains them. What a query sees depends on the order of tokens, never on these positions.
   * @defaultValue positions are consecutive numbers, and updates contain none
   */
  readonly positionAxes?: number;
  /**
   * Kinds of the tokens within a step, for a model whose input repeats steps of several kinds: a Decision Transformer
   * reads return, state, action, then the next step. Policies may use them.
   * @defaultValue all tokens are of one kind
   */
  readonly rowKinds?: readonly string[];
}
