import { counted } from '@namm/core';
import type { CacheMemory } from '@namm/kv-cache';

/** What a cache holds and what the process took for it, in numbers. */
export interface MemoryFigures {
  /** Tokens. */
  readonly seen: number;
  readonly keptPerHead: readonly (readonly number[])[];
  readonly cacheBytes: number;
  readonly peakBytes: number;
}

/** The figures of a cache. */
export function memoryFigures({
  seen,
  keptPerHead,
  bytes,
}: Pick<CacheMemory, 'seen' | 'keptPerHead' | 'bytes'>): MemoryFigures {
  const cacheBytes = bytes.used + bytes.positions + bytes.policy;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { seen, keptPerHead, cacheBytes, peakBytes };
}

/** The same in words, on one line. */
export function describeMemory({
  seen,
  keptPerHead,
  cacheBytes,
  peakBytes,
}: MemoryFigures): string {
  const heads = keptPerHead.flat();
  const kept = Math.round(heads.reduce((sum, rows) => sum + rows, 0) / heads.length);
  return [
    `kept ${kept} of ${counted(seen, 'token')} per head`,
    `${(cacheBytes / 1e6).toFixed(2)} MB of cache`,
    `${(peakBytes / 2 ** 20).toFixed(0)} MB resident at most`,
  ].join(', ');
}
