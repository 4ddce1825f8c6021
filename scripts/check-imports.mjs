// The import-direction rule: a room may import only the rooms named for it here, by their public name;
// no relative import leaves its package; package.json and the imports agree. Knows nothing of any file's
// content beyond its imports.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

// Each room may import rooms above it only, and of these only the ones it names. Apps may import all.
const rooms = {
  core: [],
  report: ['core'],
  'cma-es': ['core'],
  features: ['core'],
  bam: ['core'],
  'kv-cache': ['core'],
  namm: ['core', 'features', 'bam', 'kv-cache'],
  onnx: ['core'],
  decoder: ['core', 'onnx', 'kv-cache'],
  'cache-text': ['decoder', 'kv-cache'],
  'cache-video': ['decoder', 'kv-cache', 'onnx'],
  'cache-decision-transformer': ['decoder', 'kv-cache'],
  benchmarks: ['core', 'kv-cache'],
  environments: ['core'],
  evolve: ['core', 'report', 'cma-es', 'namm', 'decoder', 'benchmarks', 'environments'],
  models: ['core'],
};

const scope = '@namm/';
// Another root can be given, to try the rule on planted violations.
const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const problems = [];

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && statSync(path).isFile())
    .sort();
}

/** Everything a file imports, re-exports or loads with import(), types included. */
function importsOf(path) {
  const { importedFiles } = typescript.preProcessFile(readFileSync(path, 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

const isTest = (path) => /\.(test|bench)\.[jt]s$/.test(path) || path.split(sep).includes('test');

function checkRelative(path, specifier, folder) {
  const target = resolve(dirname(path), specifier);
  if (target === folder || target.startsWith(folder + sep)) return;
  problems.push(`${relative(root, path)}: ${specifier} leaves the package; import it by its name`);
}

/** @param allowed rooms it may import; null when all */
function checkRoom(folder, allowed) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  const forTests = { ...dependencies, ...manifest.devDependencies };
  const used = new Set();
  for (const path of [...sourceFiles(join(folder, 'src')), ...sourceFiles(join(folder, 'test'))]) {
    const name = relative(root, path);
    for (const specifier of importsOf(path)) {
      if (specifier.startsWith('.')) checkRelative(path, specifier, folder);
      if (!specifier.startsWith(scope)) continue;
      const room = specifier.slice(scope.length).split('/')[0];
      used.add(room);
      if (specifier === manifest.name) problems.push(`${name}: imports its own package by name`);
      else if (!(room in rooms)) problems.push(`${name}: ${specifier} is no room`);
      else if (allowed && !allowed.includes(room)) {
        problems.push(
          `${name}: may not import ${specifier}; its rooms: ${allowed.join(', ') || 'none'}`,
        );
      } else if (!(scope + room in (isTest(path) ? forTests : dependencies))) {
        problems.push(`${name}: imports ${specifier}, which package.json does not name`);
      }
    }
  }
  for (const dependency of Object.keys(forTests).filter((key) => key.startsWith(scope))) {
    const room = dependency.slice(scope.length);
    const manifestName = relative(root, join(folder, 'package.json'));
    if (!used.has(room))
      problems.push(`${manifestName}: names ${dependency}, which nothing imports`);
  }
}

const foldersIn = (name) =>
  existsSync(join(root, name))
    ? readdirSync(join(root, name)).filter((entry) =>
        existsSync(join(root, name, entry, 'package.json')),
      )
    : [];

const packages = foldersIn('packages');
const apps = foldersIn('apps');
for (const name of packages) {
  if (name in rooms) checkRoom(join(root, 'packages', name), rooms[name]);
  else problems.push(`packages/${name}: is not in the table of rooms in scripts/check-imports.mjs`);
}
for (const name of apps) checkRoom(join(root, 'apps', name), null);
if (packages.length === 0)
  problems.push(`${root}: has no packages; is this the root of the repository?`);

for (const problem of problems) console.error(problem);
console.log(
  `imports: ${packages.length} packages, ${apps.length} apps, ${problems.length} problems`,
);
process.exit(problems.length > 0 ? 1 : 0);
