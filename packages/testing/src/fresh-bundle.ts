import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', '..');

/** Scripts for threads and processes, made from the sources as they are now: dist may be stale. */
export interface FreshBundle {
  /** The file of an entry. */
  file(name: string): string;
  remove(): Promise<void>;
}

/** Bundles scripts of packages, in a folder in which they find ONNX Runtime. */
export async function freshBundle(entry: Record<string, string>): Promise<FreshBundle> {
  const outdir = await mkdtemp(join(packages, 'decoder', 'node_modules', '.fresh-bundle-'));
  const names = await readdir(packages);
  // As the build of `@namm/report` does, for the scripts of its pages.
  const { bundleForEsbuild } = await import(join(packages, '..', 'scripts', 'inline-bundle.mjs'));
  const ours = names.flatMap((name) => [
    [`@namm/${name}/portable`, join(packages, name, 'src', 'portable.ts')],
    [`@namm/${name}/schema`, join(packages, name, 'src', 'schema.ts')],
    [`@namm/${name}`, join(packages, name, 'src', 'index.ts')],
  ]);
  await build({
    ...{ entryPoints: entry, outdir, bundle: true, format: 'esm', splitting: true },
    ...{ platform: 'node', target: 'node20', logLevel: 'error' },
    plugins: [bundleForEsbuild()],
    alias: Object.fromEntries(ours),
    external: ['onnxruntime-node', '@huggingface/tokenizers'],
    // Where the sources say where they are, for the bundled model.
    define: { 'import.meta.dirname': JSON.stringify(import.meta.dirname) },
    // Libraries in CommonJS that are bundled too ask for modules of Node.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  return {
    file: (name) => join(outdir, `${name}.js`),
    remove: () => rm(outdir, { recursive: true }),
  };
}
