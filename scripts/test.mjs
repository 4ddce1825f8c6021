// `npm test`: builds what tests that start processes need, then runs every test in one Vitest process.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool, setup } from './setup.mjs';

const args = process.argv.slice(2);
const chosen = args.flatMap((arg, i) =>
  arg.startsWith('--project=')
    ? [arg.slice('--project='.length)]
    : args[i - 1] === '--project'
      ? [arg]
      : [],
);

/** The folders whose tests may start processes: all, or those of the projects that are asked for. */
function folders() {
  const all = ['packages', 'apps', 'tools'].flatMap((place) =>
    readdirSync(join(root, place)).map((name) => ({
      folder: join(root, place, name),
      project: `${{ apps: 'app-', tools: 'tool-' }[place] ?? ''}${name}`,
    })),
  );
  return all
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .filter(({ project }) => chosen.length === 0 || chosen.includes(project))
    .map(({ folder }) => folder);
}

await setup(folders());
process.exit(runTool('vitest', ['run', ...args]));
