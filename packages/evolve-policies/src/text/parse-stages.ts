import { describeIssue, InvalidArgumentError } from '@namm/core';
import * as z from '@namm/core/schema';
import type { TextStage } from './text-evolution-settings.js';

const count = z.int().check(z.positive());

const schema = z.array(
  z.strictObject({
    ...{ tasks: z.array(z.string()), length: count, generations: count, promptsPerTask: count },
  }),
);

/**
 * Reads stages from JSON.
 *
 * @param text `[{ "tasks": ["votes"], "length": 512, "generations": 20, "promptsPerTask": 4 }, …]`
 * @throws {InvalidArgumentError} when it is not JSON, or no list of stages
 */
export function parseStages(text: string): TextStage[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError('stages', `are not JSON (${(cause as Error).message})`, {
      cause,
    });
  }
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw new InvalidArgumentError('stages', `are not a list of stages${place}: ${issue?.message}`);
}
