import * as z from '@namm/core/schema';

/** What became of an episode under a contender, as its line in the file says it. */
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

/** One finished episode. All but `seconds` follows from the plan. */
export interface EpisodeRecord {
  readonly contender: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of the environment, and of what is random in the contender. */
  readonly seed: number;
  readonly return: number;
  readonly steps: number;
  /** `failed`: the simulation broke down; the episode is counted, and in no mean. */
  readonly end: 'terminated' | 'truncated' | 'failed';
  /** Why it broke down; null when it did not. */
  readonly failure: string | null;
  /** Rows held after a step, averaged over heads and layers: over all steps, and at most. */
  readonly rowsPerHead: { readonly mean: number; readonly peak: number };
  /** Keys, values, positions, state of the policy and steps kept as they came: at most after a step. */
  readonly peakBytes: number;
  /** Time of the episode, environment included. */
  readonly seconds: number;
}

/** Whose episode it is: records with equal keys are of the same contender. */
export function keyOf({
  contender,
  settings,
}: Pick<EpisodeRecord, 'contender' | 'settings'>): string {
  return JSON.stringify([contender, settings]);
}
