import type { StepResult } from '@namm/kv-cache';
import { joinNumbers } from './join-numbers.js';

/** The results of consecutive chunks as that of one. */
export function joinResults(parts: readonly StepResult[]): StepResult {
  return {
    logits: joinNumbers(parts.map(({ logits }) => logits)),
    hidden: joinNumbers(parts.map(({ hidden }) => hidden)),
  };
}
