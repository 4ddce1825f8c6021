import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', '..');

/** Scripts for threads and processes, made from the sources as they are now: dist may be stale. */
export interface FreshBundle {
  /** The script of an entry. */
  file(name: string): URL;
  remove(): Promise<void>;
}

/** Bundles scripts of this package, in a folder in which they find MuJoCo. */
export async function freshBundle(entryPoints: Record<string, string>): Promise<FreshBundle> {
  const modules = join(packages, 'environments', 'node_modules');
  await mkdir(modules, { recursive: true });
  const outdir = await mkdtemp(join(modules, '.fresh-'));
  const source = (name: string, entry: string) => join(packages, name, 'src', entry);
  await build({
    ...{ entryPoints, outdir, bundle: true, platform: 'node', format: 'esm', target: 'node20' },
    external: ['@mujoco/mujoco', 'h5wasm'],
    alias: {
      '@namm/core/portable': source('core', 'portable.ts'),
      '@namm/core': source('core', 'index.ts'),
      '@namm/tensors/portable': source('tensors', 'portable.ts'),
      '@namm/tensors': source('tensors', 'index.ts'),
    },
  });
  return {
    file: (name) => pathToFileURL(join(outdir, `${name}.js`)),
    remove: () => rm(outdir, { recursive: true }),
  };
}
