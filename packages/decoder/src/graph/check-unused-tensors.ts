import { ModelFolderError } from '../errors.js';
import type { ModelFolder } from '../model-folder.js';

/**
 * Refuses weights that the configuration leaves out but that would change the result if it did not:
 * biases of matrices in use, and layers beyond the last. Other unused tensors are harmless (rotary
 * buffers of old checkpoints, say).
 */
export function checkUnusedTensors(folder: ModelFolder, used: ReadonlySet<string>): void {
  const layerOf = (name: string) => Number(/\b(?:layers|h)\.(\d+)\./.exec(name)?.[1] ?? -1);
  const lastLayer = Math.max(...Array.from(used, layerOf));
  for (const name of folder.tensors.keys()) {
    if (used.has(name)) continue;
    if (name.endsWith('.bias') && used.has(name.replace(/bias$/, 'weight'))) {
      refuse(folder, name, 'a bias that config.json does not call for');
    }
    const stem = name.replace(/\d+/, String(lastLayer));
    if (layerOf(name) > lastLayer && used.has(stem)) {
      refuse(folder, name, `a layer beyond the ${lastLayer + 1} that config.json calls for`);
    }
  }
}

function refuse(folder: ModelFolder, tensor: string, what: string): never {
  const problem = `${tensor} is ${what}; leaving it out would change the answers. Correct config.json.`;
  throw new ModelFolderError(folder.path, problem, { details: { tensor } });
}
