import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { bundleForVitest } from './inline-bundle.ts';
import { buildWasm } from './scripts/build-wasm.mjs';

const root = new URL('.', import.meta.url);

// They end what hangs. No test says how fast a machine is: tenfold of what a busy one needs.
const fastTimeout = 120_000;
const slowTimeout = 600_000;

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

const progress = fileURLToPath(new URL('./scripts/test-progress.mjs', root));
const slowFiles = 'src/**/*.slow.test.ts';

/**
 * Two projects per folder of packages/, apps/ or tools/: NAME and NAME:slow. Slow is what measures statistics, kills
 * processes, opens browsers or starts commands: files named `*.slow.test.ts`, and `test/` of apps and tools.
 */
function projectsIn(folder: string, prefix: string, startsCommands: boolean) {
  return readdirSync(new URL(folder, root)).flatMap((name) => {
    const project = (ending: string, more: TestProjectInlineConfiguration['test']) => ({
      resolve: { alias },
      plugins: [bundleForVitest()],
      test: {
        name: prefix + name + ending,
        root: fileURLToPath(new URL(`${folder}/${name}`, root)), // wherever the command was called from
        isolate: false, // no file changes what others see, so that a package is loaded once, not once per file
        ...more,
      },
    });
    return [
      project('', {
        include: ['src/**/*.test.ts', ...(startsCommands ? [] : ['test/**/*.test.ts'])],
        exclude: ['**/*.slow.test.ts'],
        testTimeout: fastTimeout,
      }),
      project(':slow', {
        include: [slowFiles, startsCommands ? 'test/**/*.test.ts' : 'test/**/*.slow.test.ts'],
        benchmark: { include: [] }, // NAME has them
        testTimeout: slowTimeout,
      }),
    ];
  });
}

export default defineConfig({
  test: {
    reporters: ['default', ...(process.stdout.isTTY ? [] : [progress])],
    projects: [
      ...projectsIn('packages', '', false),
      ...projectsIn('apps', 'app-', true),
      ...projectsIn('tools', 'tool-', true),
    ],
  },
});
