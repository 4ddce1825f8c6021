import { defineConfig } from 'tsup';

/** The one build every package uses: ESM with declarations from the given entries. */
export function preset(entry: string[] = ['src/index.ts']) {
  return defineConfig({
    entry,
    format: ['esm'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'node20',
    treeshake: true,
  });
}
