import type { EvictionPolicy, PolicySettings, Probe } from '@namm/kv-cache';

/** A kind of memory for an agent: one row of the table. */
export interface MemoryContender {
  readonly name: string;
  /** Everything that its episodes depend on, as plain data: episodes under other settings do not count as the same. */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** Steps recomputed for each action; null if a cache is used. */
  readonly window: number | null;
  /**
   * The policy of an episode; null if nothing is forgotten or nothing kept.
   *
   * @param seed of the episode, for random policies, which then forget differently in each episode
   */
  policy(seed: number): EvictionPolicy | null;
}
