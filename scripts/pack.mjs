// `npm run pack -- --out FOLDER`: builds every public package with its types and writes one .tgz each, for
// projects that use them before they are released.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { environment, root, runTool, setup } from './setup.mjs';

/** Folders of the packages that are published. */
export function publicPackages() {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => join(root, 'packages', name))
    .filter((folder) => !JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private);
}

/**
 * Packs a package as it would be published.
 *
 * @returns the tarball and the paths in it
 */
export function pack(folder, destination) {
  const pnpm = join(root, '.tools', 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  const args = [pnpm, 'pack', '--json', '--pack-destination', destination];
  const options = { cwd: folder, env: environment, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  if (status !== 0) throw new Error(`pnpm pack failed in ${folder}: ${stdout}${stderr}`);
  const { filename, files } = JSON.parse(stdout);
  return { tarball: filename, paths: files.map(({ path }) => path) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  if (!values.out) {
    console.error('usage: npm run pack -- --out FOLDER');
    process.exit(2);
  }
  const destination = resolve(values.out);
  await setup([]);
  const folders = publicPackages();
  const only = folders.map((folder) => `--filter=./packages/${basename(folder)}`);
  console.error(`pack: building ${folders.length} packages with their types`);
  const status = runTool('turbo', ['run', 'build', 'types', ...only, '--output-logs=errors-only']);
  if (status !== 0) process.exit(status);
  mkdirSync(destination, { recursive: true });
  for (const folder of folders) console.log(pack(folder, destination).tarball);
}
