import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'tsup';

const packages = join(import.meta.dirname, '..', '..');

/** Scripts for threads and processes, made from the sources as they are now: dist may be stale. */
export interface FreshBundle {
  /** The file of an entry. */
  file(name: string): string;
  remove(): Promise<void>;
}

/** Bundles scripts of packages, in a folder in which they find ONNX Runtime. */
export async function freshBundle(entry: Record<string, string>): Promise<FreshBundle> {
  const outDir = await mkdtemp(join(packages, 'decoder', 'node_modules', '.fresh-bundle-'));
  const names = await readdir(packages);
  // As the build of `@namm/report` does, for the scripts of its pages.
  const { bundleForEsbuild } = await import(join(packages, '..', 'inline-bundle.ts'));
  await build({
    ...{ config: false, entry, outDir, format: 'esm', target: 'node20', silent: true },
    esbuildPlugins: [bundleForEsbuild()],
    external: ['onnxruntime-node', '@huggingface/tokenizers'],
    noExternal: [/^@namm\//],
    esbuildOptions: (options) => {
      options.alias = Object.fromEntries(
        names.map((name) => [`@namm/${name}`, join(packages, name, 'src', 'index.ts')]),
      );
      for (const name of names) {
        options.alias[`@namm/${name}/portable`] = join(packages, name, 'src', 'portable.ts');
      }
      // Where the sources say where they are, for the bundled model.
      options.define = { 'import.meta.dirname': JSON.stringify(import.meta.dirname) };
    },
  });
  return {
    file: (name) => join(outDir, `${name}.js`),
    remove: () => rm(outDir, { recursive: true }),
  };
}
