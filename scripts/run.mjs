// `npm start` and its siblings: sets the clone up, then runs one app's command with the arguments.
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

const [app, ...args] = process.argv.slice(2);
// Evolution makes much garbage that dies young, and has a worker for every core: no thread is free to collect it.
const isEvolution = app === 'bench' && ['evolve', 'evolve-speed'].includes(args[0]);
const flags = isEvolution ? ['--max-semi-space-size=32', '--single-threaded-gc'] : [];
setup();
process.exit(run(process.execPath, [...flags, join(root, 'apps', app, 'dist', 'cli.js'), ...args]));
