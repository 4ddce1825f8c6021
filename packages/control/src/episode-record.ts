import * as z from '@namm/core/schema';

/** The outcome of an episode under a contender, as stored in one line of the file. */
export const episodeRecord = z.strictObject({
  contender: z.string(),
  settings: z.record(z.string(), z.unknown()),
  seed: z.number().int().nonnegative(),
  return: z.number(),
  steps: z.number().int().positive(),
  end: z.enum(['terminated', 'truncated', 'failed']),
  failure: z.string().nullable(),
  rowsPerHead: z.strictObject({ mean: z.number(), peak: z.number() }),
  peakBytes: z.number(),
  seconds: z.number(),
});

/** One finished episode. Everything except `seconds` follows from the plan. */
export interface EpisodeRecord {
  readonly contender: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Seed of the environment and of the contender's randomness. */
  readonly seed: number;
  readonly return: number;
  readonly steps: number;
  /** `failed`: the simulation broke down; the episode is counted but excluded from all means. */
  readonly end: 'terminated' | 'truncated' | 'failed';
  /** Why it broke down; null when it did not. */
  readonly failure: string | null;
  /** Rows held after a step, averaged over heads and layers: mean over all steps, and peak. */
  readonly rowsPerHead: { readonly mean: number; readonly peak: number };
  /** Peak bytes after a step: keys, values, positions, policy state and steps kept as input. */
  readonly peakBytes: number;
  /** Duration of the episode, including the environment. */
  readonly seconds: number;
}

/** Key of the episode's contender: records with equal keys belong to the same contender. */
export function keyOf({
  contender,
  settings,
}: Pick<EpisodeRecord, 'contender' | 'settings'>): string {
  return JSON.stringify([contender, settings]);
}
