import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@namm/core';
import { MeasurementError } from '../measuring/measurement-error.js';
import { modelConfig } from './model-config.js';
import { modelWeights } from './model-weights.js';
import { writeGenai } from './write-genai.js';
import { writeHuggingFace } from './write-hugging-face.js';
import { writeLlamaGguf } from './write-llama-gguf.js';

/** Which model: SmolLM2-135M's shape with random weights. */
export interface ModelRequest {
  readonly layers: number;
  readonly vocabulary: number;
  readonly seed: number;
}

type Writer = typeof writeHuggingFace;

/** The model in the form that one runtime reads. */
const writers = {
  /** A Hugging Face folder, for our decoder. */
  'hugging-face': writeHuggingFace,
  /** A folder with a graph of onnxruntime-genai's layout in `onnx/`, for transformers.js. */
  'transformers.js': (folder, config, weights) => writeGenai(folder, config, weights),
  /** The same in 4 bits. */
  'transformers.js-q4': (folder, config, weights) => writeGenai(folder, config, weights, true),
  /** A folder with `model.gguf`, for llama.cpp. */
  gguf: writeLlamaGguf,
} satisfies Readonly<Record<string, Writer>>;
export type ModelForm = keyof typeof writers;

/** Changes when what is written does. */
const version = 2;

/** Says whose folder it is, and in the end which model it holds and how long its files are. */
const stampName = 'prepared.json';

/**
 * Writes a model into a folder of its own below `work`. One that is there already, whole and of the same
 * request, is used again; one that is not is replaced.
 *
 * @returns its folder
 * @throws {MeasurementError} when it cannot be written
 */
export async function prepareModel(
  work: string,
  form: ModelForm,
  { layers, vocabulary, seed }: ModelRequest,
): Promise<string> {
  const folder = join(work, form);
  const stamp = join(folder, stampName);
  const describe = async () =>
    JSON.stringify({ version, layers, vocabulary, seed, files: await fileSizes(folder) });
  try {
    const found = await readFile(stamp, 'utf8').catch(() => null);
    if (found === (await describe())) return folder;
    await mkdir(folder, { recursive: true });
    if (found === null && (await readdir(folder)).length > 0) {
      throw new Error(`${folder} holds something else`); // which must not be deleted
    }
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(stamp, '');
    const config = modelConfig(layers, vocabulary);
    await writers[form](folder, config, modelWeights(config, seed));
    await writeFileAtomic(stamp, await describe());
    return folder;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    const message = `The model cannot be written: ${problem}; choose another folder with --work.`;
    throw new MeasurementError(message, { cause });
  }
}

async function fileSizes(folder: string): Promise<[path: string, bytes: number][]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes: [string, number][] = [];
  for (const name of names.sort()) {
    const facts = await stat(join(folder, name));
    if (facts.isFile() && name !== stampName) sizes.push([name, facts.size]);
  }
  return sizes;
}
