// For `setupFiles` of Vitest: `toEqual` and its like look at each element of an array as at a property, which takes
// seconds for a million numbers. Arrays that are the same bit by bit are equal at once; others are compared as always, so
// that no matcher says anything else than before.
import { expect } from 'vitest';

/** Shorter plain arrays are not worth it; nor have results of regular expressions, which have more fields, as many. */
const longEnough = 32;

function areSame(one: unknown, other: unknown): true | undefined {
  if (ArrayBuffer.isView(one)) return sameBytes(one, other) || undefined;
  return (Array.isArray(one) && Array.isArray(other) && sameElements(one, other)) || undefined;
}

function sameBytes(one: ArrayBufferView, other: unknown): boolean {
  return (
    ArrayBuffer.isView(other) &&
    one.constructor === other.constructor &&
    one.byteLength === other.byteLength &&
    bytesOf(one).equals(bytesOf(other))
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function sameElements(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length < longEnough || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) {
    const isPlain = typeof one[i] === 'number' || typeof one[i] === 'string';
    if (!isPlain || !Object.is(one[i], other[i])) return false;
  }
  return true;
}

// The setup runs before each file, the matchers are those of the process.
const shared = globalThis as { hasQuickEquality?: true };
if (!shared.hasQuickEquality) {
  shared.hasQuickEquality = true;
  expect.addEqualityTesters([areSame]);
}
