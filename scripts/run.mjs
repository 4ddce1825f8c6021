// `npm start` and its siblings: sets the clone up, then runs the command of an app or a tool with the arguments.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

const [app, ...args] = process.argv.slice(2);
// Evolution makes much garbage that dies young, and has a worker for every core: no thread is free to collect it.
const isEvolution = ['evolve', 'evolve-speed'].includes(args[0]);
const flags = isEvolution ? ['--max-semi-space-size=32', '--single-threaded-gc'] : [];
setup();
const folder = ['apps', 'tools'].map((name) => join(root, name, app)).find(existsSync);
process.exit(run(process.execPath, [...flags, join(folder, 'dist', 'cli.js'), ...args]));
