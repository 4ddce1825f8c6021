import { createHash } from 'node:crypto';
import type { CacheContents } from './cache-contents.js';

/** SHA-256 of all arrays of a cache, in order, so that a file tells when they have changed. */
export function contentsDigest({ heads, state }: Pick<CacheContents, 'heads' | 'state'>): string {
  const hash = createHash('sha256');
  for (const { keys, values, positions, tokens } of heads.flat()) {
    for (const { buffer, byteOffset, byteLength } of [keys, values, positions, tokens]) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.update(state).digest('hex');
}
