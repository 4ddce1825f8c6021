import { basename } from 'node:path';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { findFixtures } from './find-fixtures.js';

/**
 * Runs every fixture at or below a path, one after the other. A kind that throws becomes a failed
 * result, so that the rest still runs.
 *
 * @param path a folder, or a `.tar.gz`
 */
export async function* runConformance(
  path: string,
  kinds: readonly ConformanceKind[],
): AsyncIterable<ConformanceResult> {
  for await (const { kind, folder } of findFixtures(path, kinds)) {
    try {
      yield* kind.run(folder);
    } catch (error) {
      const note = error instanceof Error ? error.message : String(error);
      yield {
        kind: kind.name,
        name: basename(folder),
        error: null,
        tolerance: null,
        ok: false,
        note,
      };
    }
  }
}
