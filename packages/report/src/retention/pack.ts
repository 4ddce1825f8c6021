import { deflateSync } from 'node:zlib';
import type { RetentionPageData } from './retention-page-data.js';

/** Bytes for a page: compressed with deflate, then base64. */
export function pack({ buffer, byteOffset, byteLength }: Uint16Array | Uint32Array): string {
  return deflateSync(new Uint8Array(buffer, byteOffset, byteLength)).toString('base64');
}

/** When tokens went, in as few bits as the number of updates needs. */
export function packEvictions(
  evictedAt: Uint32Array,
  updates: number,
): RetentionPageData['evictedAt'] {
  const isNarrow = updates < 2 ** 16;
  return {
    bits: isNarrow ? 16 : 32,
    packed: pack(isNarrow ? Uint16Array.from(evictedAt) : evictedAt),
  };
}
