import { FileFormatError } from '@namm/core/portable';

/**
 * The longest header read, in bytes: room for some 200,000 tensors, where the largest published models
 * have about 1,000 per file. A longer one is a mistake or an attack: parsed, it takes many times its
 * size in memory.
 */
export const longestHeader = 25_000_000;

/** What people take for one, and how it begins. */
const otherFiles: readonly [what: string, beginning: readonly number[]][] = [
  ['GGUF', [0x47, 0x47, 0x55, 0x46]],
  ['a zip file, such as torch.save writes', [0x50, 0x4b, 3, 4]],
  ['a pickle of Python', [0x80, 2]],
  ['HDF5', [0x89, 0x48, 0x44, 0x46]],
];

/** Bytes of the length that a file begins with. */
export const lengthBytes = 8;

/**
 * The header's length from the first bytes of a file, checked against the size of the file.
 *
 * @param bytes the first 8, or all there are
 * @throws {FileFormatError} when a header of that length cannot be
 */
export function parseHeaderLength(bytes: Uint8Array, size: number, path: string): number {
  if (size < lengthBytes) {
    const problem = `has ${size} bytes, too few for a safetensors file; write or fetch it again`;
    throw new FileFormatError(path, problem);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > longestHeader && length > BigInt(size)) {
    const [found] =
      otherFiles.find(([, beginning]) => beginning.every((byte, i) => bytes[i] === byte)) ?? [];
    const why = found ? `it is ${found}` : 'it does not begin with the length of a header';
    const problem = `is not a safetensors file: ${why}`;
    throw new FileFormatError(path, problem);
  }
  if (length > longestHeader) {
    const problem = `the header would be ${length} bytes long, more than the ${longestHeader} read at most`;
    throw new FileFormatError(path, `${problem}; is this a safetensors file?`);
  }
  if (length < 2n || Number(length) > size - lengthBytes) {
    const problem = `the header would be ${length} bytes long in a file of ${size}; write or fetch it again`;
    throw new FileFormatError(path, problem);
  }
  return Number(length);
}
