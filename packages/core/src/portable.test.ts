import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g;

/** Every source file that a file imports, itself included, and what it imports from elsewhere. */
async function reachable(path: string, seen: Map<string, string>, foreign: Set<string>) {
  if (seen.has(path)) return;
  const source = (await readFile(path, 'utf8')).replaceAll(/\/\*[\s\S]*?\*\//g, '');
  seen.set(path, source);
  for (const [, specifier] of source.matchAll(importPattern)) {
    if (!specifier!.startsWith('.')) foreign.add(specifier!);
    else await reachable(join(dirname(path), specifier!.replace(/\.js$/, '.ts')), seen, foreign);
  }
}

it('keeps the portable entry free of what browsers lack', async () => {
  const sources = new Map<string, string>();
  const foreign = new Set<string>();
  const entry = fileURLToPath(new URL('./portable.ts', import.meta.url));
  await reachable(entry, sources, foreign);
  expect([...foreign]).toEqual([]);
  expect(sources.size).toBeGreaterThan(8);
  for (const [path, source] of sources) {
    expect(source, path).not.toMatch(/\b(Buffer|process|require|NodeJS)\b/);
  }
});
