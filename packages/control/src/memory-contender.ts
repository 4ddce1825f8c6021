import type { EvictionPolicy, PolicySettings, Probe } from '@namm/kv-cache';

/** A way for an agent to remember: one row of the table. */
export interface MemoryContender {
  readonly name: string;
  /** All that its episodes depend on, as plain data: episodes under other settings are others. */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** Steps that are computed anew for each action; null where a cache goes on. */
  readonly window: number | null;
  /**
   * The policy of an episode; null where nothing is forgotten or nothing kept.
   *
   * @param seed of the episode, for policies that are random: each episode then forgets otherwise
   */
  policy(seed: number): EvictionPolicy | null;
}
