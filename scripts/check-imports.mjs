// The import-direction rule: a room may import only the rooms named for it here, by their public name;
// no relative import leaves its package, or leads in a circle back to its file; package.json and the imports
// agree. Knows nothing of any file's content beyond its imports.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
import { findCircles } from './find-circles.mjs';

// Each room may import rooms above it only, and of these only the ones it names. Apps and tools may import all, but not each other.
const rooms = {
  core: [],
  tensors: ['core'],
  statistics: ['core'],
  'cma-es': ['core', 'tensors'],
  features: ['core'],
  bam: ['core', 'tensors'],
  'kv-cache': ['core', 'tensors'],
  namm: ['core', 'tensors', 'features', 'bam', 'kv-cache'],
  report: ['core', 'statistics'],
  onnx: ['core'],
  decoder: ['core', 'tensors', 'onnx', 'kv-cache'],
  models: ['core'],
  teach: ['core', 'tensors', 'kv-cache', 'models'],
  hub: ['core'],
  'cache-text': ['core', 'decoder', 'kv-cache', 'hub'],
  'cache-video': ['core', 'onnx', 'kv-cache', 'decoder', 'hub'],
  'cache-decision-transformer': ['core', 'tensors', 'onnx', 'kv-cache', 'decoder'],
  environments: ['core', 'tensors'],
  control: [
    ...['core', 'statistics', 'kv-cache', 'namm', 'report', 'models'],
    ...['cache-decision-transformer', 'environments'],
  ],
  benchmarks: ['core', 'statistics', 'report', 'kv-cache'],
  evolve: ['core', 'tensors', 'statistics', 'report', 'cma-es'],
  'evolve-policies': [
    ...['core', 'tensors', 'statistics', 'features', 'bam', 'kv-cache', 'namm', 'decoder'],
    ...['benchmarks', 'environments', 'cache-decision-transformer', 'control', 'evolve', 'models'],
    'teach',
  ],
  serve: ['core', 'decoder', 'kv-cache'],
  cli: [
    ...['core', 'features', 'kv-cache', 'namm', 'report', 'decoder', 'models', 'teach', 'hub'],
    ...['benchmarks', 'serve'],
  ],
  jobs: [
    ...['core', 'kv-cache', 'namm', 'report', 'decoder', 'models', 'teach', 'environments'],
    ...['cache-video', 'control', 'benchmarks', 'evolve-policies', 'cli'],
  ],
  testing: ['core', 'tensors'],
};

/** The room that tests of every room may use, and no other code. */
const roomForTests = 'testing';

const scope = '@namm/';

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

/** The file that is meant where its compiled name is imported. */
const sourceOf = (path) => (existsSync(path) ? path : path.replace(/\.js$/, '.ts'));

const isTest = (path) => /\.(test|bench)\.[jt]s$/.test(path) || path.split(sep).includes('test');
const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Whether a room stands above the one of a folder in the table. */
function isAbove(room, folder) {
  const order = Object.keys(rooms);
  return order.indexOf(room) < order.indexOf(folder.slice(folder.lastIndexOf(sep) + 1));
}

/** @param allowed rooms it may import; null when all */
function problemsOfRoom(root, folder, allowed) {
  const manifest = readManifest(folder);
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  const forTests = { ...dependencies, ...manifest.devDependencies };
  const used = new Set();
  const problems = [];

  const problemOf = (path, specifier) => {
    if (specifier.startsWith('.')) {
      const target = resolve(dirname(path), specifier);
      const stays = target === folder || target.startsWith(folder + sep);
      return stays ? null : `${specifier} leaves the package; import it by its name`;
    }
    if (!specifier.startsWith(scope)) return null;
    const room = specifier.slice(scope.length).split('/')[0];
    used.add(room);
    if (specifier === manifest.name) return 'imports its own package by name';
    if (!(room in rooms)) return `${specifier} is not a room`;
    const isAllowed = !allowed || allowed.includes(room) || (isTest(path) && isAbove(room, folder));
    const forThisFile = room === roomForTests ? isTest(path) : isAllowed;
    if (!forThisFile) {
      return `may not import ${specifier}; its rooms: ${allowed?.join(', ') || 'none'}`;
    }
    const named = scope + room in (isTest(path) ? forTests : dependencies);
    return named ? null : `imports ${specifier}, which package.json does not name`;
  };

  const files = [...sourceFiles(join(folder, 'src')), ...sourceFiles(join(folder, 'test'))];
  const within = new Map();
  for (const path of files) {
    const specifiers = importsOf(path);
    const found = specifiers.map((specifier) => problemOf(path, specifier));
    problems.push(...found.filter(Boolean).map((problem) => `${relative(root, path)}: ${problem}`));
    const near = specifiers.filter((specifier) => specifier.startsWith('.'));
    within.set(
      path,
      near.map((specifier) => sourceOf(resolve(dirname(path), specifier))),
    );
  }
  for (const [first, ...others] of findCircles(within)) {
    const names = [...others, first].map((path) => relative(folder, path));
    problems.push(`${relative(root, first)}: imports itself through ${names.join(' → ')}`);
  }
  for (const name of Object.keys(forTests).filter((key) => key.startsWith(scope))) {
    if (used.has(name.slice(scope.length))) continue;
    problems.push(`${relative(root, folder)}/package.json: names ${name}, which nothing imports`);
  }
  return problems;
}

/** What breaks the rule in the repository at `root`. */
function importProblems(root) {
  const foldersIn = (name) =>
    (existsSync(join(root, name)) ? readdirSync(join(root, name)) : [])
      .map((entry) => join(root, name, entry))
      .filter((folder) => existsSync(join(folder, 'package.json')));
  const packages = foldersIn('packages').flatMap((folder) => {
    const name = folder.slice(folder.lastIndexOf(sep) + 1);
    if (name in rooms) return problemsOfRoom(root, folder, rooms[name]);
    return [`packages/${name}: is not in the table of rooms in scripts/check-imports.mjs`];
  });
  return [
    ...packages,
    ...['apps', 'tools'].flatMap(foldersIn).flatMap((folder) => problemsOfRoom(root, folder, null)),
  ];
}

/** Plants one violation of each kind, and names the kinds that go unnoticed: a rule may go blind. */
function unnoticedViolations() {
  const root = mkdtempSync(join(tmpdir(), 'namm-imports-'));
  const plant = (folder, source, dependencies = {}) => {
    mkdirSync(join(root, folder, 'src'), { recursive: true });
    const name = scope + folder.split('/')[1];
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ name, dependencies }));
    writeFileSync(join(root, folder, 'src', 'index.ts'), source);
  };
  plant('packages/core', `import type { Graph } from '@namm/onnx';`);
  plant('packages/onnx', `export * from '../../core/src/index.js';`);
  plant('packages/kv-cache', `const core = await import('@namm/core');`);
  plant('packages/decoder', '', { '@namm/core': 'workspace:^' });
  plant('packages/new', '');
  plant('apps/app', `import '@namm/nothing';`);
  plant('packages/hub', `export type { Inner } from './inner.js';`);
  writeFileSync(
    join(root, 'packages/hub/src/inner.ts'),
    `import type { Outer } from './index.js';`,
  );
  plant('packages/models', `import '@namm/testing';`, { '@namm/testing': 'workspace:^' });
  const found = importProblems(root);
  rmSync(root, { recursive: true });
  const expected = [
    'core/src/index.ts: may not import',
    'onnx/src/index.ts: ../../core/src/index.js leaves',
    'kv-cache/src/index.ts: imports @namm/core, which package.json does not name',
    'decoder/package.json: names @namm/core, which nothing imports',
    'packages/new: is not in the table',
    'app/src/index.ts: @namm/nothing is not a room',
    'hub/src/index.ts: imports itself through src/inner.ts → src/index.ts',
    'models/src/index.ts: may not import @namm/testing',
  ];
  return expected.filter((part) => !found.some((problem) => problem.includes(part)));
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const problems = importProblems(root);
problems.push(...unnoticedViolations().map((part) => `self-check: goes unnoticed: ${part}`));
for (const problem of problems) console.error(problem);
console.log(`imports: ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
