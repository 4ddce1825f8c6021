import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { bundleForVitest } from './inline-bundle.ts';
import { buildWasm } from './scripts/build-wasm.mjs';

const root = new URL('.', import.meta.url);

// Tests read the sources of our packages, so that a change needs no build to be tested; tests that
// start a real process use dist, which `npm test` builds first.
const alias = [
  {
    find: /^@namm\/([a-z-]+)$/,
    replacement: fileURLToPath(new URL('./packages/$1/src/index.ts', root)),
  },
  {
    find: /^@namm\/([a-z-]+)\/([a-z-]+)$/,
    replacement: fileURLToPath(new URL('./packages/$1/src/$2.ts', root)),
  },
];

// The sources of some packages include kernels that are compiled: nothing is done when they are up to date.
for (const name of readdirSync(new URL('packages', root))) {
  await buildWasm(fileURLToPath(new URL(`packages/${name}`, root)));
}

/** One project per folder of packages/, apps/ or tools/. */
function projectsIn(folder: string, prefix: string, testTimeout: number) {
  return readdirSync(new URL(folder, root)).map((name) => ({
    resolve: { alias },
    plugins: [bundleForVitest()],
    test: {
      name: prefix + name,
      root: fileURLToPath(new URL(`${folder}/${name}`, root)), // wherever the command was called from
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout,
    },
  }));
}

export default defineConfig({
  test: {
    projects: [
      ...projectsIn('packages', '', 30_000),
      ...projectsIn('apps', 'app-', 120_000), // these start real processes
      ...projectsIn('tools', 'tool-', 120_000),
    ],
  },
});
