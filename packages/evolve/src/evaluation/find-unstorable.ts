/**
 * Finds values that JSON would not restore exactly: a number that is not finite, or a value of another kind. Results of
 * the current generation are saved as JSON, so that a resumed run has the same bits.
 *
 * @returns what is wrong, or null
 */
export function findUnstorable(value: unknown, name = 'the score'): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${name} is ${value}`;
  if (typeof value !== 'object' || ArrayBuffer.isView(value)) {
    return `${name} is not a JSON value (${typeof value === 'object' ? value.constructor.name : typeof value})`;
  }
  for (const [key, part] of Object.entries(value)) {
    const problem = findUnstorable(part, name === 'the score' ? key : `${name}.${key}`);
    if (problem !== null) return problem;
  }
  return null;
}
