import { exitCodes } from '@namm/cli';
import type { ConformanceResult } from './conformance-kind.js';
import { formatResult } from './format-result.js';
import { kinds } from './kinds.js';
import { runConformance } from './run-conformance.js';

interface Summary {
  passed: number;
  failed: number;
  skipped: number;
  results: ConformanceResult[];
}

/**
 * Runs the fixtures and prints a line for each case, or one JSON object.
 *
 * @throws {Error} when there is nothing to run
 */
export async function conformance(
  path: string,
  { json }: { readonly json?: true | undefined },
): Promise<void> {
  const summary: Summary = { passed: 0, failed: 0, skipped: 0, results: [] };
  for await (const result of runConformance(path, kinds)) {
    summary.results.push(result);
    summary[result.ok === null ? 'skipped' : result.ok ? 'passed' : 'failed']++;
    if (!json) console.log(formatResult(result));
  }
  if (summary.results.length === 0) {
    const known = kinds.map(({ name }) => name).join(', ');
    throw new Error(`${path}: no fixture at or below it. Kinds known: ${known}`);
  }
  const { passed, failed, skipped } = summary;
  if (json) console.log(JSON.stringify(summary, null, 2));
  else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? exitCodes.found : 0;
}
