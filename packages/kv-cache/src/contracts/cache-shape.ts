/** How the keys of a layer are rotated: numbers i and i + pairs of a key form pair i. */
export interface KeyRotation {
  /** Angle per position of each pair. */
  readonly frequencies: Float32Array;
  /** By which rotated numbers are scaled too; 1 but for some extensions of the context. */
  readonly factor: number;
}

/** What one decoder layer caches of each token. */
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
   * How cached keys are rotated by their positions, for policies that take that back. `unknown` where it depends
   * on more than one position, such as the length of the sequence or several axes.
   * @defaultValue keys are not rotated
   */
  readonly rotation?: KeyRotation | 'unknown';
  /**
   * Whether a part of each query's attention goes to no token, so that what tokens get sums to less than 1.
   * @defaultValue false
   */
  readonly hasSinks?: boolean;
}

/** What a layer without rows keeps of a sequence. */
export interface StateShape {
  /** Numbers, in float32; all 0 before the first token. */
  readonly size: number;
}

/** What keys and values are held in; integers have a scale per row of a head. */
export type CacheDtype = 'fp32' | 'fp16' | 'int8';

/** What a model needs of a cache, and which model that is. */
export interface CacheShape {
  /** Digest of the model's configuration and weights; a cache serves only the model it was made for. */
  readonly model: string;
  /**
   * Digest of the weights and their configuration alone, which stays the same when the context is extended: what a
   * policy that was made for one model goes by.
   * @defaultValue as `model`
   */
  readonly weights?: string;
  /** The layers that hold rows, in order: those with an attention. */
  readonly layers: readonly LayerShape[];
  /**
   * What layers without rows, such as convolutions, keep of a sequence: one array of fixed size each, whatever its
   * length. Policies know nothing of it.
   * @defaultValue every layer holds rows
   */
  readonly states?: readonly StateShape[];
  /**
   * What keys and values are held in. What a model reads, and a policy sees, is rounded to it.
   * @defaultValue 'fp32'
   */
  readonly dtype?: CacheDtype;
  /**
   * How positions go; a cache fills this in from its options. Ask `hasCompactPositions`.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /**
   * For a model whose tokens have positions of their own, as many per token as there are axes (M-RoPE has
   * three): every update then says them. They never decide what a query sees; the order of tokens does.
   * @defaultValue positions are consecutive numbers, and nothing is said
   */
  readonly positionAxes?: number;
  /**
   * What the tokens of the sequence are, in turn, for a model whose input goes in steps of several kinds: a
   * Decision Transformer reads return, state, action, and then the next step. Policies may go by it.
   * @defaultValue all tokens are of one kind
   */
  readonly rowKinds?: readonly string[];
}
