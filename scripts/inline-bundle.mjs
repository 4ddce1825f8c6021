// `import text from './client/main.ts?bundle'`: the file and all it imports, bundled for browsers and
// minified, as a string. One bundler behind it for the build (esbuild) and for the tests (Vitest).
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const query = /\?bundle$/;
// The end keeps plugins that go by the extension away from what is already a script.
const end = '!js';
const packages = fileURLToPath(new URL('../packages', import.meta.url));

/** @returns the bundle of a script or style sheet */
async function bundle(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    alias: { '@namm/core/portable': join(packages, 'core', 'src', 'portable.ts') },
  });
  return outputFiles[0].text.trimEnd();
}

/** @returns {import('esbuild').Plugin} */
export function bundleForEsbuild() {
  return {
    name: 'inline-bundle',
    setup(build) {
      build.onResolve({ filter: query }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path.replace(query, '')) + end,
        namespace: 'inline-bundle',
      }));
      build.onLoad({ filter: /./, namespace: 'inline-bundle' }, async ({ path }) => ({
        contents: await bundle(path.slice(0, -end.length)),
        loader: 'text',
      }));
    },
  };
}

/** @returns {import('vitest/config').Plugin} */
export function bundleForVitest() {
  const start = '\0inline-bundle:';
  return {
    name: 'inline-bundle',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!query.test(source) || importer === undefined) return null;
      return start + resolve(dirname(importer), source.replace(query, '')) + end;
    },
    async load(id) {
      if (!id.startsWith(start)) return null;
      const text = await bundle(id.slice(start.length, -end.length));
      return `export default ${JSON.stringify(text)}`;
    },
  };
}
