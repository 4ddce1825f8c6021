import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const packageFolder = join(import.meta.dirname, '..');
const packages = ['core/portable', 'core', 'tensors', 'kv-cache', 'onnx'] as const;

/** Of `core` or, for an entry of its own, `core/portable`. */
function sourceOf(name: string): string {
  const [folder, entry = 'index'] = name.split('/');
  return join(packageFolder, '..', folder!, 'src', `${entry}.ts`);
}

/** The package, made from the sources as they are now: dist may be stale. All are modules' URLs. */
export interface FreshWorker {
  readonly index: URL;
  readonly workerFile: URL;
  /** `@namm/kv-cache` */
  readonly policies: URL;
  remove(): Promise<void>;
}

/** Bundles the package into a folder in which it finds ONNX Runtime. */
export async function freshWorker(): Promise<FreshWorker> {
  const outdir = await mkdtemp(join(packageFolder, 'node_modules', '.fresh-worker-'));
  const urlOf = (name: string) => pathToFileURL(join(outdir, name));
  await build({
    entryPoints: {
      index: sourceOf('decoder'),
      worker: join(packageFolder, 'src', 'worker.ts'),
      policies: sourceOf('kv-cache'),
    },
    ...{ outdir, bundle: true, format: 'esm', splitting: true },
    ...{ platform: 'node', target: 'node20', logLevel: 'error' },
    external: ['onnxruntime-node'],
    alias: Object.fromEntries(packages.map((name) => [`@namm/${name}`, sourceOf(name)])),
    // Libraries in CommonJS that are bundled too ask for modules of Node.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  return {
    index: urlOf('index.js'),
    workerFile: urlOf('worker.js'),
    policies: urlOf('policies.js'),
    remove: () => rm(outdir, { recursive: true }),
  };
}
