// Every TypeScript example of a README compiles under the settings of the sources: what a reader copies works. Alone,
// unless a comment stands on the line before: `<!-- continues -->`, what stands above belongs to it;
// `<!-- given: declare const folder: string -->`, what a reader brings along.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import typescript from 'typescript';
import { root } from './setup.mjs';

const fence = /^(?:<!-- (continues|given: .*) -->\n+)?```ts\n([\s\S]*?)^```$/gm;

const folders = ['packages', 'apps', 'tools'].flatMap((place) =>
  readdirSync(join(root, place)).map((name) => join(root, place, name)),
);

/** Each example as a file beside its README, with the line of the README that its first line is. */
const examples = new Map();
for (const folder of [root, ...folders]) {
  const readme = join(folder, 'README.md');
  if (!existsSync(readme)) continue;
  const text = readFileSync(readme, 'utf8');
  let before = '';
  for (const [i, match] of [...text.matchAll(fence)].entries()) {
    const [all, note = '', code] = match;
    const given = note === 'continues' ? before : note.replace(/^given: /, '');
    const start = text.slice(0, match.index + all.indexOf('```ts')).split('\n').length + 1;
    before = given === '' ? code : `${given}\n${code}`;
    const line = start - (before.split('\n').length - code.split('\n').length);
    // The first README speaks of all packages, and of what they are used with: it stands where both are found.
    const place = folder === root ? join(root, 'packages', 'cache-text') : folder;
    const name = folder === root ? `README.first.${i}.ts` : `README.${i}.ts`;
    examples.set(join(place, name), { readme, line, code: before });
  }
}

const { config } = typescript.readConfigFile(join(root, 'tsconfig.json'), typescript.sys.readFile);
const { options } = typescript.parseJsonConfigFileContent(config, typescript.sys, root);
const settings = {
  ...options,
  incremental: false,
  moduleDetection: typescript.ModuleDetectionKind.Force,
};
delete settings.tsBuildInfoFile;
const host = typescript.createCompilerHost(settings);
const { fileExists, readFile } = host;
host.fileExists = (path) => examples.has(path) || fileExists(path);
host.readFile = (path) => examples.get(path)?.code ?? readFile(path);
const own = host.getSourceFile;
host.getSourceFile = (path, languageVersion, ...rest) => {
  const example = examples.get(path);
  return example
    ? typescript.createSourceFile(path, example.code, languageVersion, true)
    : own.call(host, path, languageVersion, ...rest);
};

// Declarations of what the sources import without types of its own.
const declarations = folders
  .filter((folder) => existsSync(join(folder, 'src')))
  .flatMap((folder) =>
    readdirSync(join(folder, 'src'))
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => join(folder, 'src', name)),
  );
const program = typescript.createProgram([...examples.keys(), ...declarations], settings, host);
let problems = 0;
for (const [path, { readme, line }] of examples) {
  const source = program.getSourceFile(path);
  const found = [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ];
  for (const { start, messageText } of found) {
    const at = line + source.getLineAndCharacterOfPosition(start ?? 0).line;
    const text = typescript.flattenDiagnosticMessageText(messageText, '\n  ');
    console.error(`${relative(root, readme)}:${at}: ${text}`);
    problems++;
  }
}
console.log(
  `readmes: ${examples.size} examples in ${new Set([...examples.values()].map(({ readme }) => readme)).size} files, ${problems} problems`,
);
process.exit(problems > 0 || examples.size === 0 ? 1 : 0);
