import type { Viewing } from '@namm/cache-video';

/** What is held, in numbers. */
export interface ViewingFigures {
  readonly frames: number;
  readonly reused: number;
  readonly problems: number;
  /** Tokens. */
  readonly seen: number;
  readonly keptPerHead: readonly (readonly number[])[];
  readonly cacheBytes: number;
  readonly peakBytes: number;
}

export function figuresOf(viewing: Viewing): ViewingFigures {
  const { frames, reused, problems, seen, keptPerHead, bytes } = viewing.memory();
  const cacheBytes = bytes.used + bytes.positions + bytes.policy;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { frames, reused, problems, seen, keptPerHead, cacheBytes, peakBytes };
}

/** The same in words, on one line. */
export function describeFigures(policy: string, figures: ViewingFigures): string {
  const { frames, reused, problems, seen, keptPerHead, cacheBytes, peakBytes } = figures;
  const heads = keptPerHead.flat();
  const kept = Math.round(heads.reduce((sum, rows) => sum + rows, 0) / heads.length);
  const parts = [
    `${policy}: ${frames} frames`,
    ...(reused > 0 ? [`${reused} of them shared features`] : []),
    ...(problems > 0 ? [`${problems} damaged`] : []),
    `kept ${kept} of ${seen} tokens per head`,
    `${(cacheBytes / 1e6).toFixed(2)} MB of cache`,
    `${(peakBytes / 2 ** 20).toFixed(0)} MB resident at most`,
  ];
  return parts.join(', ');
}
