import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests read the sources of our packages, so that a change needs no build to be tested; tests that
// start a real process use dist, which `npm test` builds first.
const alias = [
  {
    find: /^@namm\/([a-z-]+)$/,
    replacement: fileURLToPath(new URL('./packages/$1/src/index.ts', import.meta.url)),
  },
];

const projects = ['core', 'onnx', 'kv-cache', 'decoder', 'models', 'benchmarks'].map((name) => ({
  resolve: { alias },
  test: { name, root: `packages/${name}`, include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
}));

const apps = ['llm', 'bench'].map((name) => ({
  resolve: { alias },
  test: {
    name: `app-${name}`,
    root: `apps/${name}`,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000, // these start real processes
  },
}));

export default defineConfig({ test: { projects: [...projects, ...apps] } });
