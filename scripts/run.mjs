// `npm start` and its siblings: sets the clone up, then runs one app's command with the arguments.
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

const [app, ...args] = process.argv.slice(2);
setup();
process.exit(run(process.execPath, [join(root, 'apps', app, 'dist', 'cli.js'), ...args]));
