import { createHash } from 'node:crypto';
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import { ModelFolderError } from '../errors.js';
import { ConfigReader } from './config-reader.js';
import { hashSamples } from './hash-samples.js';
import type { Weight } from './weight.js';

/** A Hugging Face model folder whose configuration and weight headers were read. */
export interface ModelFolder {
  readonly path: string;
  readonly config: ConfigReader;
  /** All tensors of all weight files, by name. */
  readonly weights: ReadonlyMap<string, Weight>;
  /** Digest of the configuration and of what the weight files say they hold. */
  readonly digest: string;
}

const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/**
 * Reads `config.json` and the headers of the weights: one `model.safetensors`, or shards with an index.
 * Links are followed, as in the hub's cache. No weight is read yet.
 *
 * @param path folder with `config.json`
 * @throws {ModelFolderError} when a file is missing or contradicts another
 * @throws {FileFormatError} when a weight file is damaged
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  if (typeof path !== 'string')
    throw new InvalidArgumentError('path', 'is not the path of a folder');
  const configFile = join(path, 'config.json');
  const configText = await readText(configFile, 'Is this the folder of a model?');
  const config = new ConfigReader(configFile, parseObject(configFile, configText));
  const hash = createHash('sha256').update(configText);
  const weights = new Map<string, Weight>();
  const fileOf = new Map<string, string>();
  for (const file of await openWeights(path)) {
    await hashSamples(file, (bytes) => hash.update(bytes));
    for (const { name, dtype, shape, offset, byteLength } of file.tensors.values()) {
      const other = fileOf.get(name);
      if (other !== undefined) {
        const problem = `tensor ${name} is also in ${basename(other)}`;
        throw new ModelFolderError(file.path, `${problem}; remove one of the two.`);
      }
      fileOf.set(name, file.path);
      const location = { kind: 'file', path: file.path, offset, length: byteLength } as const;
      weights.set(name, { name, format: dtype, shape, location });
      hash.update(JSON.stringify([name, dtype, shape]));
    }
  }
  return { path, config, weights, digest: hash.digest('hex') };
}

async function openWeights(folder: string): Promise<SafetensorsFile[]> {
  const single = join(folder, singleFile);
  if (await exists(single)) return [await openLinked(single)];
  const index = join(folder, indexFile);
  if (!(await exists(index))) {
    const advice = 'ONNX or .bin weights cannot be used; the folder needs safetensors.';
    throw new ModelFolderError(folder, `holds neither ${singleFile} nor ${indexFile}. ${advice}`);
  }
  const { weight_map: map } = parseObject(index, await readText(index));
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new ModelFolderError(index, 'weight_map is not an object from tensor to file name.');
  }
  const names = new Set<string>();
  for (const [tensor, name] of Object.entries(map)) names.add(checkShardName(index, tensor, name));
  const files = new Map<string, SafetensorsFile>();
  for (const name of names) files.set(name, await openLinked(join(folder, name)));
  for (const [tensor, name] of Object.entries(map as Record<string, string>)) {
    if (files.get(name)!.tensors.has(tensor)) continue;
    throw new ModelFolderError(index, `says ${name} holds ${tensor}, but it does not.`);
  }
  return [...files.values()];
}

/** Shards stand beside their index: a name with a path could reach any file of the machine. */
function checkShardName(index: string, tensor: string, name: unknown): string {
  if (typeof name === 'string' && /^[\w.-]+\.safetensors$/.test(name) && !name.includes('..')) {
    return name;
  }
  const shown = JSON.stringify(name);
  throw new ModelFolderError(
    index,
    `the file of ${tensor}, ${shown}, is not a plain .safetensors name.`,
  );
}

/** Opens the file behind a link, since ONNX Runtime refuses weights that are links out of a folder. */
async function openLinked(path: string): Promise<SafetensorsFile> {
  let real: string;
  try {
    real = await realpath(path);
  } catch (cause) {
    throw new ModelFolderError(path, 'cannot be opened; fetch the file again.', { cause });
  }
  return openSafetensors(real);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** No configuration or index of a real model comes near. */
const longestText = 100_000_000;

async function readText(path: string, advice = 'Fetch the file again.'): Promise<string> {
  try {
    // Asked before reading: reading a pipe would wait for a writer, and a device would not end.
    const found = await stat(path);
    if (!found.isFile() || found.size > longestText) {
      throw new Error(`not a regular file of at most ${longestText} bytes`);
    }
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ModelFolderError(path, `cannot be read. ${advice}`, { cause });
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new ModelFolderError(path, 'is not valid JSON; fetch the file again.', { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ModelFolderError(path, 'does not hold a JSON object.');
}
