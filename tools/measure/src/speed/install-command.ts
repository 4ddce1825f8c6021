import type { Command } from '@commander-js/extra-typings';
import { hasNodeLlamaCpp, installNodeLlamaCpp, nodeLlamaCppFolder } from './node-llama-cpp.js';

/** Adds `install-node-llama-cpp`: the peer of `speed`, in the version that is measured. */
export function addInstallCommand(program: Command): void {
  program
    .command('install-node-llama-cpp')
    .description('install node-llama-cpp where `speed` and the tests look for it')
    .action(async () => {
      if (await hasNodeLlamaCpp(nodeLlamaCppFolder)) {
        console.log(`node-llama-cpp is in ${nodeLlamaCppFolder}`);
        return;
      }
      await installNodeLlamaCpp(nodeLlamaCppFolder);
      console.log(`node-llama-cpp was installed in ${nodeLlamaCppFolder}`);
    });
}
