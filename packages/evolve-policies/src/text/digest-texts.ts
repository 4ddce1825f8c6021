import { createHash } from 'node:crypto';
import type { FillerDocument } from '@namm/benchmarks';

/** A digest of texts: names, kinds, splits and contents. */
export function digestTexts(texts: readonly FillerDocument[]): string {
  const hash = createHash('sha256');
  for (const { name, kind, split, text } of texts) {
    hash.update(JSON.stringify([name, kind, split, text]));
  }
  return hash.digest('hex');
}
