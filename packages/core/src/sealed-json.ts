import { checksum } from './checksum.js';

const key = 'checksum';

const sumOf = (value: object) => checksum([new TextEncoder().encode(JSON.stringify(value))]);

/**
 * JSON of an object with one more member at its end, `checksum`, which covers all the others.
 *
 * @param value what is saved; it has no `checksum` of its own
 * @param indent spaces per level; without it all is on one line
 *
 * @example
 * ```ts
 * const text = sealedJson({ tokens: [1, 2] });
 * parseSealedJson(text); // { tokens: [1, 2] }
 * ```
 */
export function sealedJson(value: object, indent?: number): string {
  return JSON.stringify({ ...value, [key]: sumOf(value) }, null, indent);
}

/**
 * What {@link sealedJson} was given, or what any other JSON says: a text without a checksum, written by another
 * program or by hand, is not checked. The checksum finds accidents, not forgeries.
 *
 * @throws {SyntaxError} when it is not JSON, or not what was saved
 */
export function parseSealedJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value;
  const { [key]: sum, ...rest } = value as Record<string, unknown>;
  if (sumOf(rest) === sum) return rest;
  const help = `if it was changed on purpose, remove "${key}" from it`;
  throw new SyntaxError(`damaged: its checksum is not that of its content (${help})`);
}
