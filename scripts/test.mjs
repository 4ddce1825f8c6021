// `npm test`: builds what tests that start processes need, then runs every test in one Vitest process.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, root, runTool, setup } from './setup.mjs';

const args = process.argv.slice(2);
const chosen = args.flatMap((arg, i) =>
  arg.startsWith('--project=')
    ? [arg.slice('--project='.length)]
    : args[i - 1] === '--project'
      ? [arg]
      : [],
);

/** As Vitest understands `--project`: `*` is anything, `!` in front excludes. */
function isChosen(project) {
  const matches = (pattern) =>
    new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(
      project,
    );
  const excluded = chosen.filter((pattern) => pattern.startsWith('!'));
  const included = chosen.filter((pattern) => !pattern.startsWith('!'));
  if (included.includes('slow')) return true; // of all folders
  if (excluded.some((pattern) => matches(pattern.slice(1)))) return false;
  return included.length === 0 || included.some(matches);
}

/** The folders whose slow tests, which may start commands, are asked for; the others read the sources. */
function folders() {
  const all = ['packages', 'apps', 'tools'].flatMap((place) =>
    readdirSync(join(root, place)).map((name) => ({
      folder: join(root, place, name),
      project: `${{ apps: 'app-', tools: 'tool-' }[place] ?? ''}${name}:slow`,
    })),
  );
  return all
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .filter(({ project }) => isChosen(project))
    .map(({ folder }) => folder);
}

await setup(folders());

// Whatever the tests and the commands that they start leave behind is found here.
const temporary = mkdtempSync(join(tmpdir(), 'namm-tests-'));
for (const name of ['TMPDIR', 'TMP', 'TEMP']) environment[name] = temporary;
const status = runTool('vitest', ['run', ...args]);
const left = readdirSync(temporary);
rmSync(temporary, { recursive: true, force: true });
if (left.length > 0) {
  console.error(`test: ${left.length} temporary files or folders were left: ${left.join(', ')}`);
}
process.exit(status === 0 && left.length > 0 ? 1 : status);
