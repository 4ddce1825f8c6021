import * as z from '@namm/core/schema';
import type { EnvironmentSettings } from '@namm/environments';

/** An episode to be played: a piece of work. */
export interface ControlUnit {
  readonly environment: EnvironmentSettings;
  readonly seed: number;
}

/** The outcome under one contender. */
export interface ControlScore {
  readonly return: number;
  readonly steps: number;
  /** Rows held per head after a step, mean over the steps; and over those of a full cache. */
  readonly rowsPerHead: number;
  readonly keptShare: number;
  /** Whether the simulation broke down; the episode then counts for nothing but this. */
  readonly failed: boolean;
}

const number = z.number();
const schema: z.ZodType<ControlScore> = z.object({
  ...{ return: number, steps: number, rowsPerHead: number, keptShare: number },
  failed: z.boolean(),
});

/** Whether a value is a {@link ControlScore}. */
export function isControlScore(value: unknown): value is ControlScore {
  return schema.safeParse(value).success;
}
