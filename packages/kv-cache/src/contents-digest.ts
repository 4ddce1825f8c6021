import { createHash } from 'node:crypto';
import type { CacheContents } from './cache-contents.js';
import { hasCompactPositions } from './compact-positions.js';

/**
 * SHA-256 of all that {@link CacheContents} holds, so that a file tells when it has changed: of the counts
 * too, where one digit more or less may look like another valid cache.
 */
export function contentsDigest({ heads, state, ...facts }: CacheContents): string {
  const { seen, nextPosition, positions, keepOutsideWindow } = facts;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([seen, nextPosition, positions, keepOutsideWindow]));
  for (const { keys, values, positions: marks, tokens } of heads.flat()) {
    const arrays = [keys, values, marks, ...(hasCompactPositions({ positions }) ? [tokens] : [])];
    for (const { buffer, byteOffset, byteLength } of arrays) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.update(state).digest('hex');
}
