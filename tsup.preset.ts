import { defineConfig, type Options } from 'tsup';

/**
 * The one build every package uses: ESM from the given entries, and what one adds. Declarations take ten times as long
 * and nothing in the repository reads them: `tsup --dts-only` writes them for releases.
 */
export function preset(entry: string[] = ['src/index.ts'], more: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm'],
    sourcemap: true,
    clean: ['!**/*.d.ts'],
    target: 'node20',
    treeshake: true,
    ...more,
  });
}
