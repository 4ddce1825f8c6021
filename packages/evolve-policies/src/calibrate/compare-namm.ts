import { type PreparedSample, scoreSamples } from '@namm/benchmarks';
import { counted } from '@namm/core';
import type { Decoder } from '@namm/decoder';
import { type EvictionPolicy, full, keptShare, random, sinkRecent } from '@namm/kv-cache';
import { type NammCheckpoint, namm } from '@namm/namm';
import { mean } from '@namm/statistics';

/** How well a model predicts text under a NAMM, and under policies that need no training at the same share. */
export interface NammComparison {
  /** Rows that the NAMM holds divided by tokens read, mean over heads and passages, where the predictions begin. */
  readonly keptShare: number;
  /** Bits per token of the text that follows, mean over passages: less is better. */
  readonly bits: {
    readonly full: number;
    readonly namm: number;
    /** The same share, kept at random; null when the NAMM forgets nothing. */
    readonly random: number | null;
    /** The same share: the first four tokens and the newest; null when the NAMM forgets nothing. */
    readonly sinkRecent: number | null;
  };
  readonly passages: number;
  /** Whether the NAMM predicts better than both; null when it forgets nothing. */
  readonly isBetter: boolean | null;
}

/** Shares that differ from 1 by less are all of the cache. */
const nothingForgotten = 1e-3;

/**
 * Reads passages under a NAMM, under random eviction and under sink+recent at the share that the NAMM keeps, and
 * compares how well the rest of each passage is predicted. No labels are needed. A NAMM that does not beat both shows
 * no benefit on this model. Answers to questions may rank differently, which only questions can show.
 *
 * @param decoder loaded with the probe of the NAMM
 * @param passages token ids, `[tokens]` each: three quarters are read, the rest is predicted
 * @param seed of the random policy
 * @param signal stops it between chunks, with the signal's reason
 * @example
 * ```ts
 * const { keptShare, isBetter } = await compareNamm(decoder, checkpoint, passages, 1);
 * ```
 */
export async function compareNamm(
  decoder: Decoder,
  checkpoint: NammCheckpoint,
  passages: readonly Int32Array[],
  seed: number,
  signal?: AbortSignal,
): Promise<NammComparison> {
  const samples = passages.map(asSample);
  const under = async (policy: EvictionPolicy) => {
    const results: { bits: number; kept: number }[] = [];
    for (const prepared of samples) {
      const [{ logProbabilities, memory }] = (await scoreSamples(decoder, [{ prepared, policy }], {
        ...(signal && { signal }),
      })) as [Awaited<ReturnType<typeof scoreSamples>>[number]];
      const bits = -logProbabilities[0]! / Math.LN2;
      results.push({ bits, kept: keptShare(memory.atAnswer) });
    }
    return {
      bits: mean(results.map(({ bits }) => bits)),
      kept: mean(results.map(({ kept }) => kept)),
    };
  };
  const whole = await under(full());
  const own = await under(namm(checkpoint));
  const common = { keptShare: own.kept, passages: passages.length };
  if (own.kept > 1 - nothingForgotten) {
    const bits = { full: whole.bits, namm: own.bits, random: null, sinkRecent: null };
    return { ...common, bits, isBetter: null };
  }
  const drawn = await under(random({ budget: own.kept, seed }));
  const recent = await under(sinkRecent({ budget: own.kept }));
  return {
    ...common,
    bits: { full: whole.bits, namm: own.bits, random: drawn.bits, sinkRecent: recent.bits },
    isBetter: own.bits < Math.min(drawn.bits, recent.bits),
  };
}

/** A passage as a sample whose only question is the rest of it, its first token aside. */
function asSample(ids: Int32Array, index: number): PreparedSample {
  const read = Math.floor(0.75 * ids.length);
  const tail = ids.subarray(read);
  return {
    ...{ id: `passage ${index}`, family: 'text', context: ids.subarray(0, read), tail },
    questions: [{ parts: [{ from: 1, to: tail.length }] }],
  };
}

/** Describes the result of a comparison in a sentence or two. */
export function describeComparison({
  keptShare,
  bits,
  passages,
  isBetter,
}: NammComparison): string {
  const three = (value: number) => value.toFixed(3);
  const where = `on ${counted(passages, 'passage')}`;
  const kept = `keeps ${(100 * keptShare).toFixed(1)} % ${where}`;
  if (isBetter === null) {
    return `${kept}: it forgets nothing there; shift its bias down, or try longer passages`;
  }
  const figures = `${kept}, ${three(bits.namm)} bits per token; random ${three(bits.random!)}, sink+recent ${three(bits.sinkRecent!)} at the same share, full cache ${three(bits.full)}`;
  if (isBetter) return figures;
  const rivals = [
    ...(bits.namm >= bits.random! ? ['random eviction'] : []),
    ...(bits.namm >= bits.sinkRecent! ? ['sink+recent'] : []),
  ];
  return `${figures}
It predicts text no better than ${rivals.join(' and ')} with as much memory: try it on your task before you trust it here, evolve it on from there, or use a classic policy`;
}
