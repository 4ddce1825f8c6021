/** Arrays of one type as one; a single one that is not empty is itself. */
export function joinNumbers<Numbers extends Float32Array | Int32Array>(
  parts: readonly Numbers[],
): Numbers {
  const filled = parts.filter(({ length }) => length > 0);
  if (filled.length < 2) return filled[0] ?? parts[0]!;
  const Numbers = filled[0]!.constructor as new (length: number) => Numbers;
  const result = new Numbers(filled.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of filled) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
