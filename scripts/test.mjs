// `npm test`: sets the clone up, then runs every test in one Vitest process.
import { runTool, setup } from './setup.mjs';

setup();
process.exit(runTool('vitest', ['run', ...process.argv.slice(2)]));
