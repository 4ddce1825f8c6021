import type { ChosenPolicy } from './chosen-policy.js';

/**
 * After how many tokens a policy chooses. Until then a conversation holds up to so many rows per head more, a quarter
 * of its budget at most, and what it shares with others stays shared. Chunks of prompts end at multiples of it, so that
 * an answer is the same wherever its reading began.
 *
 * @param chunkSize at whose multiples chunks end
 * @returns 1 where it chooses after every pass, or at intervals of its own
 */
export function choiceInterval(chosen: ChosenPolicy, chunkSize: number): number {
  const { keepsEverything, updateInterval } = chosen.policy;
  if (keepsEverything === true || updateInterval !== undefined) return 1;
  let interval = Math.max(1, Math.min(chunkSize, Math.floor(chosen.mostRows(4 * chunkSize) / 4)));
  while (chunkSize % interval > 0) interval--;
  return interval;
}
