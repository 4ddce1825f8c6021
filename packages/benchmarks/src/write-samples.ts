import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { BenchmarkSample } from './types.js';

/**
 * Writes samples to a file, one JSON object per line, as they come.
 *
 * @returns how many were written
 */
export async function writeSamples(
  file: string,
  samples: Iterable<BenchmarkSample>,
): Promise<number> {
  const stream = createWriteStream(file);
  const done = finished(stream);
  let count = 0;
  try {
    for (const sample of samples) {
      // Race against `done`, so that a full disk ends the loop instead of leaving it waiting.
      if (!stream.write(`${JSON.stringify(sample)}\n`))
        await Promise.race([once(stream, 'drain'), done]);
      count++;
    }
  } finally {
    stream.end();
    await done;
  }
  return count;
}
