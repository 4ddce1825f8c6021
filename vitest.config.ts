import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { buildAllWasm } from './scripts/build-wasm.mjs';
import { bundleForVitest } from './scripts/inline-bundle.mjs';

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

await buildAllWasm(); // does nothing when all are up to date

// A whole run allocates more than it keeps: with V8's own sizes, collecting garbage took a quarter of its CPU time.
// Threads that collect beside the program make the whole no shorter on two cores.
const execArgv = [
  '--single-threaded-gc',
  '--heap-growing-percent=300',
  '--max-semi-space-size=64', // MB; with a least size, threads would get more than their `resourceLimits`
];

const quickEquality = fileURLToPath(new URL('./packages/testing/src/quick-equality.ts', root));
const progress = fileURLToPath(new URL('./scripts/test-progress.mjs', root));

/** Tests that read the sources, or build on what `beforeAll` makes: everything that is not slow. */
const fast = {
  include: ['{packages,apps,tools}/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
  exclude: [...configDefaults.exclude, '**/*.slow.test.ts'],
  testTimeout: fastTimeout,
  hookTimeout: fastTimeout,
};

/** What measures statistics, kills processes, opens browsers or starts commands. */
const slow = {
  include: [
    ...['{packages,apps,tools}/*/src/**/*.slow.test.ts', 'packages/*/test/**/*.slow.test.ts'],
    '{apps,tools}/*/test/**/*.test.ts',
  ],
  benchmark: { include: [] }, // the fast ones have them
  testTimeout: slowTimeout,
  hookTimeout: slowTimeout,
};

const project = (
  name: string,
  test: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration => ({
  resolve: { alias },
  plugins: [bundleForVitest()],
  // no file changes what others see, so that a package is loaded once, not once per file;
  // and tests keep nothing in the user's cache folder
  test: {
    ...{ name, root: fileURLToPath(root), isolate: false, setupFiles: [quickEquality] },
    execArgv,
    env: { NAMM_PREPARED_WEIGHTS: 'off' },
    ...test,
  },
});

/** Two projects per folder of packages/, apps/ or tools/: NAME and NAME:slow, for `--project NAME`. */
function projectsIn(place: string, prefix: string) {
  return readdirSync(new URL(place, root)).flatMap((name) => {
    const within = (pattern: string) =>
      pattern.replace(/^(\{packages,apps,tools\}|\{apps,tools\}|packages)\/\*/, `${place}/${name}`);
    const ofPlace = (pattern: string) => pattern.slice(0, pattern.indexOf('/')).includes(place);
    return Object.entries({ '': fast, ':slow': slow }).map(([ending, test]) =>
      project(prefix + name + ending, {
        ...test,
        include: test.include.filter(ofPlace).map(within),
      }),
    );
  });
}

/** What `--project` names. */
const named = process.argv.flatMap((arg, i) =>
  arg === '--project' ? [process.argv[i + 1] ?? ''] : (/^--project=(.*)/.exec(arg)?.slice(1) ?? []),
);

/** A source is transformed and loaded once per project, so whoever names no folder gets as few as can be. */
function projects() {
  if (named.length === 0) {
    const { benchmark, ...all } = slow;
    return [project('all', { ...all, include: [...fast.include, ...slow.include] })];
  }
  if (named.every((name) => /^(fast|slow)$/.test(name))) {
    return [project('fast', fast), project('slow', slow)];
  }
  return [
    ...projectsIn('packages', ''),
    ...projectsIn('apps', 'app-'),
    ...projectsIn('tools', 'tool-'),
  ];
}

export default defineConfig({
  test: {
    reporters: ['default', ...(process.stdout.isTTY ? [] : [progress])],
    projects: projects(),
  },
});
