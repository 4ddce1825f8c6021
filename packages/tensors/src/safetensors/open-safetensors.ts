import { lengthBytes, parseHeaderLength } from './header-length.js';
import { withFile } from './open-file.js';
import { parseHeader } from './parse-header.js';
import { readExactly } from './read-exactly.js';
import { SafetensorsFile } from './safetensors-file.js';

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
    const start = new Uint8Array(Math.min(lengthBytes, size));
    await readExactly(handle, start, 0, path);
    const length = parseHeaderLength(start, size, path);
    const bytes = new Uint8Array(length);
    await readExactly(handle, bytes, lengthBytes, path);
    const dataOffset = lengthBytes + length;
    const header = parseHeader(bytes, { path, size, dataOffset });
    return new SafetensorsFile(path, size, dataOffset, header);
  });
}
