import { preset } from '../../tsup.preset.ts';

// The second is the script of a worker thread, started by its name `@namm/decoder/worker`.
export default preset(['src/index.ts', 'src/worker.ts']);
