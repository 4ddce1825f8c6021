import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { ConformanceKind } from './conformance-kind.js';

/** Kinds whose packages are not written yet, known by the files that hold their cases. */
const caseFiles: Record<string, RegExp> = {
  metrics: /^(longbench|infinitebench|ruler)\.json$/,
};

function unsupported(name: string, pattern: RegExp): ConformanceKind {
  const casesOf = async (folder: string) =>
    (await readdir(folder)).filter((file) => pattern.test(file)).sort();
  return {
    name,
    recognises: async (folder) => (await casesOf(folder)).length > 0,
    async *run(folder) {
      for (const file of await casesOf(folder)) {
        const caseName = basename(file, extname(file));
        const note = 'not supported yet';
        yield { kind: name, name: caseName, error: null, tolerance: null, ok: null, note };
      }
    },
  };
}

/** Fixtures that are found but not run: each of their cases is reported as skipped, by name. */
export const unsupportedKinds: readonly ConformanceKind[] = Object.entries(caseFiles).map(
  ([name, pattern]) => unsupported(name, pattern),
);
