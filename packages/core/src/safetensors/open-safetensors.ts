import type { FileHandle } from 'node:fs/promises';
import { FileFormatError } from '../errors.js';
import { withFile } from './open-file.js';
import { parseHeader } from './parse-header.js';
import { readExactly } from './read-exactly.js';
import { SafetensorsFile } from './safetensors-file.js';

/**
 * The longest header read, in bytes: room for some 200,000 tensors, where the largest published models
 * have about 1,000 per file. A longer one is a mistake or an attack: parsed, it takes many times its
 * size in memory.
 */
export const longestHeader = 25_000_000;

const lengthBytes = 8;

async function readHeaderLength(handle: FileHandle, size: number, path: string): Promise<number> {
  if (size < lengthBytes) {
    const problem = `has ${size} bytes, too few for a safetensors file; fetch it again`;
    throw new FileFormatError(path, problem);
  }
  const bytes = new Uint8Array(lengthBytes);
  await readExactly(handle, bytes, 0, path);
  const length = new DataView(bytes.buffer).getBigUint64(0, true);
  if (length > longestHeader) {
    const problem = `the header would be ${length} bytes long, more than the ${longestHeader} read at most`;
    throw new FileFormatError(path, `${problem}; is this a safetensors file?`);
  }
  if (length < 2n || Number(length) > size - lengthBytes) {
    const problem = `the header would be ${length} bytes long in a file of ${size}; fetch it again`;
    throw new FileFormatError(path, problem);
  }
  return Number(length);
}

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FileFormatError(path, 'the header is not valid UTF-8; fetch the file again', {
      cause,
    });
  }
}

/**
 * Opens a `.safetensors` file: reads and checks its header, and nothing else. The file need not be
 * trusted: every size is checked against the file before anything is allocated for it.
 *
 * @throws {FileFormatError} naming the file, the tensor at fault, and what to do
 *
 * @example
 * ```ts
 * const file = await openSafetensors('model/model.safetensors');
 * for (const { name, dtype, shape } of file.tensors.values()) console.log(name, dtype, shape);
 * const weights = await file.readFloat32('model.norm.weight');
 * ```
 */
export function openSafetensors(path: string): Promise<SafetensorsFile> {
  return withFile(path, async (handle, size) => {
    const length = await readHeaderLength(handle, size, path);
    const bytes = new Uint8Array(length);
    await readExactly(handle, bytes, lengthBytes, path);
    const dataOffset = lengthBytes + length;
    const header = parseHeader(decodeUtf8(bytes, path), { path, size, dataOffset });
    return new SafetensorsFile(path, size, dataOffset, header);
  });
}
