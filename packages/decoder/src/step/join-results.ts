import type { StepResult } from '@namm/kv-cache';

/** The results of consecutive chunks as that of one. */
export function joinResults(parts: readonly StepResult[]): StepResult {
  if (parts.length === 1) return parts[0]!;
  return {
    logits: join(parts.map(({ logits }) => logits)),
    hidden: join(parts.map(({ hidden }) => hidden)),
  };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
