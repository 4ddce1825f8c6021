import type { Interval } from '@namm/statistics';
import { median } from '@namm/statistics';
import { ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { type Contender, isPeer } from './contenders.js';
import type { Seconds } from './measure-request.js';
import type { Sample } from './run-rounds.js';

/** One contender at one length: medians over the rounds. */
export interface SpeedRow {
  readonly length: number;
  readonly contender: Contender;
  readonly loadSeconds: number;
  /** Resident memory after loading, median. */
  readonly loadedMegabytes: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeMilliseconds: number;
  /** Share of the prefill that the policy takes, median; null for peers. */
  readonly policyShare: number | null;
  /** Largest over the rounds. */
  readonly peakMegabytes: number;
  readonly otherCores: number;
}

/** Ours next to a peer at one length. */
export interface RatioRow {
  readonly length: number;
  readonly contender: Contender;
  readonly peer: Contender;
  /** Time of the peer over ours. */
  readonly prefill: Interval;
  /** Time of the peer over ours. */
  readonly decode: Interval;
  /** Peak memory of ours over that of the peer. */
  readonly memory: number;
}

/** CPU time, or wall time where threads work side by side. */
export type Clock = keyof Seconds;

export function speedRows(samples: readonly Sample[], clock: Clock): SpeedRow[] {
  return groups(samples).map((group) => ({
    length: group[0]!.length,
    contender: group[0]!.contender,
    loadSeconds: median(group.map((one) => one.load[clock])),
    loadedMegabytes: median(group.map((one) => one.loadedMegabytes)),
    prefillTokensPerSecond: group[0]!.length / median(group.map((one) => one.prefill[clock])),
    decodeMilliseconds: 1000 * median(group.map((one) => one.decode[clock])),
    policyShare: policyShareOf(group),
    peakMegabytes: peakOf(group),
    otherCores: median(group.map((one) => one.otherCores)),
  }));
}

export function ratioRows(samples: readonly Sample[], clock: Clock): RatioRow[] {
  const all = groups(samples);
  const rows: RatioRow[] = [];
  for (const ours of all.filter(([first]) => !isPeer(first!.contender))) {
    for (const peer of all.filter(([first]) => isPeer(first!.contender))) {
      if (peer[0]!.length !== ours[0]!.length) continue;
      const ratio = (of: 'prefill' | 'decode') =>
        ratioOfMedians(
          peer.map((one) => one[of][clock]),
          ours.map((one) => one[of][clock]),
        );
      rows.push({
        length: ours[0]!.length,
        contender: ours[0]!.contender,
        peer: peer[0]!.contender,
        prefill: ratio('prefill'),
        decode: ratio('decode'),
        memory: peakOf(ours) / peakOf(peer),
      });
    }
  }
  return rows;
}

/** The rounds of each contender at each length, in order. */
function groups(samples: readonly Sample[]): Sample[][] {
  const byKey = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.length} ${sample.contender}`;
    byKey.set(key, [...(byKey.get(key) ?? []), sample]);
  }
  return [...byKey.values()];
}

function policyShareOf(group: readonly Sample[]): number | null {
  const shares = group.flatMap(({ policySeconds, prefill }) =>
    policySeconds === null ? [] : policySeconds / prefill.wall,
  );
  return shares.length === 0 ? null : median(shares);
}

function peakOf(group: readonly Sample[]): number {
  return Math.max(...group.map(({ peakMegabytes }) => peakMegabytes));
}
