/**
 * Rows that a full cache holds after a step, mean over an episode.
 *
 * @param tokensPerStep rows that a step becomes; those of the last action come with the next step
 */
export function fullRows(steps: number, tokensPerStep: number): number {
  return (tokensPerStep * (steps + 1)) / 2 - 1;
}
