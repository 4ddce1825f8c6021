/** Tokens of a sequence that eviction must spare; see {@link KVCache.protect}. */
export interface ProtectedSpan {
  /** Number of its first token in the sequence, from 0. Tokens may be protected before they are read. */
  readonly start: number;
  /** Number of the first token behind it. */
  readonly end: number;
  /**
   * `all`: no policy drops any of its rows. `share`: every head keeps of it as large a share as of all that
   * does not stay whole, the rows that the policy scores highest, so that nothing else can push it out. That share falls
   * as the sequence grows; a number between 0 and 1 is one that does not: so much of the span stays in every head.
   * @defaultValue 'all'
   */
  readonly keep?: 'all' | 'share' | number;
}
