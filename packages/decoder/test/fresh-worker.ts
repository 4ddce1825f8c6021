import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsup';

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
  const outDir = await mkdtemp(join(packageFolder, 'node_modules', '.fresh-worker-'));
  const urlOf = (name: string) => pathToFileURL(join(outDir, name));
  await build({
    config: false,
    entry: {
      index: sourceOf('decoder'),
      worker: join(packageFolder, 'src', 'worker.ts'),
      policies: sourceOf('kv-cache'),
    },
    outDir,
    format: 'esm',
    target: 'node20',
    silent: true,
    external: ['onnxruntime-node'],
    noExternal: [/^@namm\//],
    esbuildOptions: (options) => {
      options.alias = Object.fromEntries(packages.map((name) => [`@namm/${name}`, sourceOf(name)]));
    },
  });
  return {
    index: urlOf('index.js'),
    workerFile: urlOf('worker.js'),
    policies: urlOf('policies.js'),
    remove: () => rm(outDir, { recursive: true }),
  };
}
