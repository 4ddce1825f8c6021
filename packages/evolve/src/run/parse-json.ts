import { describeIssue, parseSealedJson } from '@namm/core';
import type * as z from '@namm/core/schema';

/**
 * Reads JSON of a known form, and verifies its checksum where it has one.
 *
 * @param fail makes the error from what is wrong
 * @throws what `fail` makes, when the text is not JSON or has another form
 */
export function parseJson<T>(
  text: string,
  schema: z.ZodType<T>,
  fail: (problem: string, options?: { readonly cause: unknown }) => Error,
): T {
  let value: unknown;
  try {
    value = parseSealedJson(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw fail(message.startsWith('damaged') ? `is ${message}` : 'is not JSON', { cause });
  }
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw fail(`is not of the form expected${place} (${issue?.message})`);
}
