import type { GgufFile } from '@namm/tensors';
import { ModelFolderError } from '../../errors.js';
import { type GgufArchitecture, ggufArchitectures } from './gguf-architectures.js';

/**
 * How the model of a GGUF file is written.
 *
 * @throws {ModelFolderError} when the file holds no model, or one of another architecture
 */
export function ggufArchitecture(file: GgufFile): {
  architecture: GgufArchitecture;
  name: string;
} {
  const type = file.value('general.type', 'text') ?? 'model';
  if (type !== 'model') {
    const problem = `holds a ${JSON.stringify(type.slice(0, 40))} (key "general.type"), no model`;
    throw new ModelFolderError(file.path, `${problem}; merge an adapter into its model first.`);
  }
  const key = 'general.architecture';
  const name = file.value(key, 'text');
  if (name !== undefined && Object.hasOwn(ggufArchitectures, name)) {
    return { architecture: ggufArchitectures[name]!, name };
  }
  const what =
    name === undefined ? 'is missing' : `${JSON.stringify(name.slice(0, 40))} is not supported`;
  const known = Object.keys(ggufArchitectures).join(', ');
  throw new ModelFolderError(file.path, `key "${key}" ${what}; supported are ${known}.`, {
    details: { key },
  });
}
