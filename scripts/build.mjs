// The one build of every package, app and tool: ESM for Node 20 in dist/, from the sources behind what package.json
// exports or runs, and those named as arguments. The working folder is the package. Declarations take ten times as long and
// nothing in the repository reads them: `--types` writes them alone, for releases. `--bundle=NAME` takes what is used of a
// library of many files into dist, with its license, since each file costs every start of a command a millisecond.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const built = [...Object.values(manifest.exports), ...Object.values(manifest.bin ?? {})]
  .map((target) => target.default ?? target)
  .filter((path) => path.startsWith('./dist/') && path.endsWith('.js'))
  .map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
const flags = process.argv.slice(2);
const bundled = flags.flatMap((flag) => /^--bundle=(.*)/.exec(flag)?.slice(1) ?? []);
const external = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  .filter((name) => !bundled.includes(name))
  .flatMap((name) => [name, `${name}/*`]);
/** What a library asks to be said where it is taken in. */
function licenseOf(name) {
  const folder = join('node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = join(folder, 'LICENSE');
  const text = existsSync(file) ? `\n\n${readFileSync(file, 'utf8').trim()}` : '';
  return `/* Contains parts of ${name} ${version}, ${license}.${text} */`;
}

const entries = [...new Set([...built, ...flags.filter((flag) => !flag.startsWith('--'))])];

if (flags.includes('--types')) {
  const { build } = await import('tsup');
  await build({ config: false, entry: entries, format: 'esm', dts: { only: true }, silent: true });
} else {
  const { build } = await import('esbuild');
  const { bundleForEsbuild } = await import('./inline-bundle.mjs');
  mkdirSync('dist', { recursive: true });
  for (const file of readdirSync('dist')) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join('dist', file));
  }
  await build({
    ...{ entryPoints: entries, outdir: 'dist', bundle: true, format: 'esm', splitting: true },
    ...{ platform: 'node', target: 'node20', external, sourcemap: true },
    // Else `/\p{L}/u` becomes `new RegExp`, made anew each time that it is met.
    supported: { 'regexp-unicode-property-escapes': true },
    // Not the tsconfig of the package: its paths lead to the sources of the others.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    footer: { js: bundled.map(licenseOf).join('\n') },
    plugins: [bundleForEsbuild()],
    logLevel: 'warning',
  });
  for (const path of Object.values(manifest.bin ?? {})) chmodSync(path, 0o755);
}
