import { quantile } from '@namm/core';
import type { Contender } from './contenders.js';
import type { Measured } from './measure-request.js';

/** Median of some rounds, and how far they lie apart: (largest − smallest) / median. */
interface Summary {
  readonly median: number;
  readonly spread: number;
}

/** One contender at one length. */
export interface SpeedRow {
  readonly length: number;
  readonly contender: Contender;
  /** CPU seconds. */
  readonly prefill: Summary;
  /** CPU seconds per token. */
  readonly decode: Summary;
  readonly peakMegabytes: number;
}

export function speedRow(
  length: number,
  contender: Contender,
  rounds: readonly Measured[],
): SpeedRow {
  return {
    length,
    contender,
    prefill: summarise(rounds.map(({ prefill }) => prefill)),
    decode: summarise(rounds.map(({ decode }) => decode)),
    peakMegabytes: Math.max(...rounds.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return { median, spread: (sorted.at(-1)! - sorted[0]!) / median };
}
