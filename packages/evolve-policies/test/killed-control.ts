// Run in a process of its own, to be killed: evolves in the folder named, and says when a slice is done.
import { evolveOnControl } from '../src/index.js';
import { controlRun } from './control-setup.js';

await evolveOnControl({
  ...controlRun(process.argv[2]!, process.argv[3]!),
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
