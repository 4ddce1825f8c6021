// `npm start` and its siblings: sets the clone up for an app or a tool, then runs its command with the arguments.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { environment, root, setup } from './setup.mjs';

const [name, ...args] = process.argv.slice(2);
const folder = ['apps', 'tools'].map((place) => join(root, place, name)).find(existsSync);
// Evolution makes much garbage that dies young, and has a worker for every core: no thread is free to collect it.
const isEvolution = ['evolve', 'evolve-speed'].includes(args[0]);
const flags = isEvolution ? ['--max-semi-space-size=32', '--single-threaded-gc'] : [];

await setup([folder]);
// Ctrl-C goes to the command too, which prints what is done so far before it ends.
process.on('SIGINT', () => {});
const command = [...flags, join(folder, 'dist', 'cli.js'), ...args];
// npm goes to the root; names of files are meant from where its user stands.
const { npm_lifecycle_script: script = '', INIT_CWD: from } = process.env;
const cwd = script.includes('scripts/run.mjs') && from !== undefined ? from : process.cwd();
const child = spawn(process.execPath, command, { env: environment, stdio: 'inherit', cwd });
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
