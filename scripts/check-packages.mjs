// Packs each public package as it would be published, and checks the tarball: publint (is the manifest
// right?), are-the-types-wrong (do types resolve as the code does?), and what is in it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, root, runTool } from './setup.mjs';

const needed = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];

/** @returns the tarball and the paths in it */
function pack(folder, destination) {
  const pnpm = join(root, '.tools', 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  const args = [pnpm, 'pack', '--json', '--pack-destination', destination];
  const options = { cwd: folder, env: environment, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  if (status !== 0) throw new Error(`pnpm pack failed in ${folder}: ${stdout}${stderr}`);
  const { filename, files } = JSON.parse(stdout);
  return { tarball: filename, paths: files.map(({ path }) => path) };
}

function problemsOf(folder, destination) {
  const { tarball, paths } = pack(folder, destination);
  const problems = needed.filter((path) => !paths.includes(path)).map((path) => `lacks ${path}`);
  const stray = paths.filter((path) => /\.test\.|__fixtures__|^src\//.test(path));
  problems.push(...stray.map((path) => `would publish ${path}`));
  if (runTool('publint', ['run', tarball, '--strict'], { quiet: true }) !== 0)
    problems.push('publint');
  // ESM only: what CommonJS would make of it is not asked.
  const attw = ['--profile', 'esm-only', '--no-emoji', '--no-color', tarball];
  if (runTool('attw', attw, { quiet: true }) !== 0) problems.push('are-the-types-wrong');
  return problems;
}

const destination = mkdtempSync(join(tmpdir(), 'namm-pack-'));
let failed = 0;
try {
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', name);
    if (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private) continue;
    const problems = problemsOf(folder, destination);
    console.log(`packages/${name}: ${problems.length === 0 ? 'ok' : problems.join('; ')}`);
    failed += problems.length > 0 ? 1 : 0;
  }
} finally {
  rmSync(destination, { recursive: true });
}
process.exit(failed > 0 ? 1 : 0);
