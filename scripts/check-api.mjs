// The public surface of each package, as declarations without comments, is in its `api.txt`. A change of it has
// to be seen: this fails when the two differ, or when two packages export one name with two meanings.
// `--update` writes the files.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import typescript from 'typescript';
import { root } from './setup.mjs';

/** What each published package can be imported as: its entries in the sources. */
function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .sort()
    .flatMap((name) => {
      const folder = join(root, 'packages', name);
      if (!existsSync(join(folder, 'package.json'))) return [];
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (manifest.private) return [];
      const entries = Object.keys(manifest.exports)
        .filter((entry) => entry !== './package.json')
        .map((entry) => {
          const file = entry === '.' ? 'index' : entry.slice('./'.length);
          return {
            specifier: join(manifest.name, entry),
            file: join(folder, 'src', `${file}.ts`),
          };
        });
      return [{ name, folder, entries }];
    });
}

/** The sources as a program, and the declarations that follow from a file, without comments. */
function readSources(files) {
  const { config } = typescript.readConfigFile(
    join(root, 'tsconfig.json'),
    typescript.sys.readFile,
  );
  const { options } = typescript.parseJsonConfigFileContent(config, typescript.sys, root);
  const program = typescript.createProgram(files, {
    ...options,
    incremental: false,
    tsBuildInfoFile: undefined,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    removeComments: true,
    rootDir: root,
    outDir: join(root, 'node_modules', '.cache', 'api'), // nothing is written there
  });
  const emitted = new Map();
  const declarationsOf = (source) => {
    if (!emitted.has(source)) {
      let text = '';
      const keep = (_, written) => {
        text = written;
      };
      program.emit(source, keep, undefined, true);
      emitted.set(source, typescript.createSourceFile('x.d.ts', text, options.target, true));
    }
    return emitted.get(source);
  };
  return { checker: program.getTypeChecker(), program, declarationsOf };
}

/** The statements of a declaration file that declare a name. */
function statementsFor(declarations, name) {
  return declarations.statements.filter((statement) =>
    typescript.isVariableStatement(statement)
      ? statement.declarationList.declarations.some((one) => one.name.getText() === name)
      : statement.name?.getText() === name,
  );
}

function clean(text) {
  return text
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replace(/^ {4}/gm, '  ')
    .trim();
}

/** The exports of an entry: name, where its declaration is, and its text. */
function exportsOf(entry, { checker, program, declarationsOf }) {
  const source = program.getSourceFile(entry.file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry.specifier}: no module at ${relative(root, entry.file)}`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const isAlias = (symbol.flags & typescript.SymbolFlags.Alias) !== 0;
      const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
      const declaration = target.declarations?.[0];
      const file = declaration?.getSourceFile();
      if (!file || file.fileName.includes('node_modules')) {
        return { name: symbol.name, from: target.name, text: `${symbol.name} of another package` };
      }
      const own = statementsFor(declarationsOf(file), target.name);
      const text = own.map((statement) => clean(statement.getText())).join('\n');
      const renamed = target.name === symbol.name ? '' : `// as ${symbol.name}\n`;
      return { name: symbol.name, from: relative(root, file.fileName), text: renamed + text };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a baseline says of entries. */
function baselineOf(entries) {
  const parts = entries.map(
    ({ specifier, exports }) =>
      `# ${specifier}\n\n${exports.map(({ text }) => `${text}\n`).join('\n')}`,
  );
  return `Written by \`npm run api\`; \`npm run check:api\` compares it with the sources.\n\n${parts.join('\n')}`;
}

/** The lines that only one of two texts has. */
function differences(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [known, found] = [new Set(old), new Set(now)];
  return [
    ...old.filter((line) => !found.has(line)).map((line) => `  - ${line}`),
    ...now.filter((line) => !known.has(line)).map((line) => `  + ${line}`),
  ];
}

/** Names that two packages export with two meanings. */
function doubleNames(packages) {
  const meanings = new Map();
  for (const { name: room, entries } of packages) {
    for (const { name, from } of entries.flatMap(({ exports }) => exports)) {
      const known = meanings.get(name) ?? new Map();
      meanings.set(name, known.set(from, room));
    }
  }
  return [...meanings]
    .filter(([, places]) => new Set(places.values()).size > 1)
    .map(([name, places]) => `${name} means two things: ${[...places.keys()].join(', ')}`);
}

const packages = publishedPackages();
const sources = readSources(packages.flatMap(({ entries }) => entries.map(({ file }) => file)));
for (const { entries } of packages) {
  for (const entry of entries) entry.exports = exportsOf(entry, sources);
}

const problems = doubleNames(packages);
for (const { name, folder, entries } of packages) {
  const path = join(folder, 'api.txt');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const after = baselineOf(entries);
  if (process.argv.includes('--update')) writeFileSync(path, after);
  else if (before !== after) {
    const lines = differences(before, after);
    problems.push(
      [
        `packages/${name}/api.txt: the public surface has changed; \`npm run api\` writes it down`,
        ...lines.slice(0, 40),
        ...(lines.length > 40 ? [`  … and ${lines.length - 40} lines more`] : []),
      ].join('\n'),
    );
  }
}
for (const problem of problems) console.error(problem);
console.log(`api: ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
