import type { SequenceInput } from '@namm/kv-cache';

/** The token ids of an input that has them. */
export function idsOf(input: SequenceInput): number[] {
  if ('ids' in input) return Array.from(input.ids);
  throw new Error('The models of these tests read ids');
}
