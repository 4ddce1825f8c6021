import { preset } from '../../tsup.preset.ts';

// The second is the script of the worker threads, started by its name `@namm/environments/worker`.
export default preset(['src/index.ts', 'src/worker.ts']);
