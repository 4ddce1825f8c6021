import { basename, dirname, join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { withFile } from '../safetensors/open-file.js';
import { quoted } from '../safetensors/quoted.js';
import { readExactly } from '../safetensors/read-exactly.js';
import { GgufFile, type GgufPart } from './gguf-file.js';
import { longestHeader } from './header-cursor.js';
import { type GgufHeader, type GgufTensor, parseGgufHeader } from './parse-gguf-header.js';

/** A header most often fits into as many bytes; where it does not, four times as many are read. */
const firstRead = 2 ** 22;

/** No model is split into more. */
const mostParts = 10_000;

const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * Opens a GGUF file, version 2 or 3, or the first of several that a model was split into: reads and checks their
 * headers, and nothing else. Files need not be trusted.
 *
 * `@huggingface/gguf` was made for this too, but is not strict: it takes tensors outside of the file or over each
 * other, the later of two equal keys, and broken UTF-8.
 *
 * @param path a file; of a split model the first, `NAME-00001-of-0000N.gguf`, beside the others
 * @param isUnwanted says by key which lists are not needed, such as the words of a large vocabulary, which take longer
 *   than all the rest: they are missing in the metadata, and what their texts say is not checked
 * @returns its metadata, and where its tensors are
 * @throws {FileFormatError} naming the file, the key or tensor at fault, and what to do
 *
 * @example
 * ```ts
 * const file = await openGguf('SmolLM2-135M-Instruct.Q4_1.gguf');
 * file.metadata.get('general.architecture'); // 'llama'
 * const norm = await file.readFloat32('output_norm.weight');
 * ```
 */
export async function openGguf(
  path: string,
  isUnwanted: (key: string) => boolean = () => false,
): Promise<GgufFile> {
  const first = await openPart(path, isUnwanted);
  const count = splitNumber(first, path, 'split.count') ?? 1;
  if (count < 2) return joined([first]);
  const name = partName.exec(basename(path));
  if (!name || Number(name[3]) !== count) {
    const problem = `is one of ${count} parts, but its name does not end with -00001-of-${five(count)}.gguf`;
    throw new FileFormatError(path, `${problem}; give the parts their names back`);
  }
  if (splitNumber(first, path, 'split.no') !== 0 || Number(name[2]) !== 1) {
    const start = `${name[1]}-00001-of-${name[3]}.gguf`;
    throw new FileFormatError(path, `is not the first part of its model; name ${start}`);
  }
  const parts = [first];
  for (let i = 1; i < count; i++) {
    const next = join(dirname(path), `${name[1]}-${five(i + 1)}-of-${name[3]}.gguf`);
    const part = await openPart(next, isUnwanted);
    const same =
      splitNumber(part, next, 'split.count') === count && splitNumber(part, next, 'split.no') === i;
    if (!same) {
      throw new FileFormatError(
        next,
        `does not say that it is part ${i + 1} of ${count}; fetch it again`,
      );
    }
    parts.push(part);
  }
  const file = joined(parts);
  const tensors = splitNumber(first, path, 'split.tensors.count') ?? file.tensors.size;
  if (tensors === file.tensors.size) return file;
  const problem = `says ${tensors} tensors, but its parts hold ${file.tensors.size}`;
  throw new FileFormatError(path, `split.tensors.count ${problem}; fetch the parts again`);
}

interface Part extends GgufPart, Omit<GgufHeader, 'dataOffset'> {}

function openPart(path: string, isUnwanted: (key: string) => boolean): Promise<Part> {
  return withFile(path, async (handle, size) => {
    for (let length = firstRead; ; length *= 4) {
      const bytes = new Uint8Array(Math.min(length, size, longestHeader));
      await readExactly(handle, bytes, 0, path);
      const header = parseGgufHeader(bytes, path, size, isUnwanted);
      if (header) return { ...header, path, size };
    }
  });
}

function joined(parts: readonly Part[]): GgufFile {
  const tensors = new Map<string, GgufTensor>();
  for (const part of parts) {
    for (const tensor of part.tensors) {
      if (tensors.has(tensor.name)) {
        const other = basename(tensors.get(tensor.name)!.path);
        const problem = `tensor ${quoted(tensor.name)} is also in ${other}; fetch the parts again`;
        throw new FileFormatError(part.path, problem, { details: { tensor: tensor.name } });
      }
      tensors.set(tensor.name, tensor);
    }
  }
  const places = parts.map(({ path, size, dataOffset }) => ({ path, size, dataOffset }));
  return new GgufFile(places, parts[0]!.metadata, tensors);
}

function splitNumber({ metadata }: Part, path: string, key: string): number | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  const isCount = typeof value === 'number' && Number.isInteger(value);
  if (isCount && value >= 0 && (key === 'split.tensors.count' || value <= mostParts)) return value;
  const problem = `key ${quoted(key)} is ${JSON.stringify(String(value)).slice(0, 40)}`;
  throw new FileFormatError(path, `${problem}, no number of parts; fetch the file again`, {
    details: { key },
  });
}

const five = (n: number) => String(n).padStart(5, '0');
