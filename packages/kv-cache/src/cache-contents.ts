/** What one head of a cache holds, in order. */
export interface HeadContents {
  /** `[rows, headSize]` */
  readonly keys: Float32Array;
  /** `[rows, headSize]` */
  readonly values: Float32Array;
  /** `[rows]`, ascending */
  readonly positions: Int32Array;
  /** `[rows]`, ascending; the positions themselves when those are absolute */
  readonly tokens: Int32Array;
}

/** Everything that makes a cache what it is, beside its shape and its policy. */
export interface CacheContents {
  readonly seen: number;
  readonly nextPosition: number;
  readonly positions: 'absolute' | 'compact';
  readonly keepOutsideWindow: boolean;
  /** Per layer and KV head. */
  readonly heads: readonly (readonly HeadContents[])[];
  /** What {@link PolicyState.save} gave. */
  readonly state: Uint8Array;
}
