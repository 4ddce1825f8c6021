// Packs each public package as it would be published, and checks the tarball: publint (is the manifest
// right?), are-the-types-wrong (do types resolve as the code does?), what is in it, and that its code and types name no package
// which it does not depend on: in our workspace such a name resolves all the same.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pack, publicPackages } from './pack.mjs';
import { runTool } from './setup.mjs';

const needed = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];

/** Packages that the files of `dist` import and the manifest does not name. */
function undeclared(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, dependencies, peerDependencies, optionalDependencies } = manifest;
  const known = { [name]: '', ...dependencies, ...peerDependencies, ...optionalDependencies };
  const files = readdirSync(join(folder, 'dist'), { recursive: true });
  const found = files
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(folder, 'dist', file), 'utf8');
      return [...text.matchAll(/^(?:import|export)\b[^'"`;]*? ?from '([^'.][^']*)'/gm)];
    })
    .map(([, specifier]) => /^(@[^/]+\/)?[^/]+/.exec(specifier)[0]);
  return [...new Set(found)].filter((each) => !each.startsWith('node:') && !(each in known));
}

function problemsOf(folder, destination) {
  const { tarball, paths } = pack(folder, destination);
  const problems = needed.filter((path) => !paths.includes(path)).map((path) => `lacks ${path}`);
  const stray = paths.filter((path) => /\.test\.|__fixtures__|^src\//.test(path));
  problems.push(...stray.map((path) => `would publish ${path}`));
  problems.push(...undeclared(folder).map((each) => `imports ${each}, which it does not name`));
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
  for (const folder of publicPackages()) {
    const problems = problemsOf(folder, destination);
    console.log(
      `packages/${basename(folder)}: ${problems.length === 0 ? 'ok' : problems.join('; ')}`,
    );
    failed += problems.length > 0 ? 1 : 0;
  }
} finally {
  rmSync(destination, { recursive: true });
}
process.exit(failed > 0 ? 1 : 0);
