import { readSpec } from '../families/read-spec.js';
import { ggufAt } from './gguf/gguf-at.js';
import { openGgufModel } from './gguf/open-gguf-model.js';
import { openModelFolder } from './model-folder.js';
import type { ModelSource } from './model-source.js';

/**
 * Opens a model; no weight is read yet.
 *
 * @param path Hugging Face folder with `config.json` and `.safetensors` weights; or a GGUF file, of a split model
 *   the first, or a folder that holds one
 * @returns its spec and the locations of its weights
 * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
 *
 * @example
 * ```ts
 * const source = await openModel('models/SmolLM2-135M');
 * const { layers } = source.spec;
 * const decoder = await Decoder.load(source);
 * ```
 */
export async function openModel(path: string): Promise<ModelSource> {
  const gguf = typeof path === 'string' ? await ggufAt(path) : null;
  if (gguf !== null) return openGgufModel(gguf);
  const { config, weights, digest } = await openModelFolder(path);
  return { name: path, spec: readSpec(config, (name) => weights.has(name)), weights, digest };
}
