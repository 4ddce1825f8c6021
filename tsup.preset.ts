import { defineConfig, type Options } from 'tsup';

/** The one build every package uses: ESM with declarations from the given entries, and what one adds. */
export function preset(entry: string[] = ['src/index.ts'], more: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'node20',
    treeshake: true,
    ...more,
  });
}
