/** Tokens of a sequence that must not be evicted; see {@link KVCache.protect}. */
export interface ProtectedSpan {
  /** Number of its first token in the sequence, from 0. Tokens may be protected before they are read. */
  readonly start: number;
  /** Number of the first token after it. */
  readonly end: number;
  /**
   * `all`: no policy drops any of its rows. `share`: every head keeps the same share of the span as of everything that
   * is not kept whole, namely the rows that the policy scores highest, so that nothing else can displace the span. That
   * share falls as the sequence grows. A number between 0 and 1 is a fixed share: that much of the span stays in every
   * head.
   * @defaultValue 'all'
   */
  readonly keep?: 'all' | 'share' | number;
}
