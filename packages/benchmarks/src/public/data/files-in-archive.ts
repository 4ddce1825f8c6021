import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { FileFormatError } from '@namm/core';
import { unzipSync } from 'fflate';
import type { DataFile } from './data-file.js';

/**
 * The data files in a zip archive, unpacked when they are read.
 *
 * @throws {FileFormatError} when it is not a whole archive; when a file in it is read, if that is damaged
 */
export async function filesInArchive(archive: string): Promise<DataFile[]> {
  const packed = await readFile(archive);
  const unpack = (wanted: (path: string) => boolean) => {
    try {
      return unzipSync(packed, { filter: ({ name }) => wanted(name) });
    } catch (cause) {
      const problem = 'is not a complete zip archive; is the download incomplete?';
      throw new FileFormatError(archive, problem, { cause });
    }
  };
  const paths: string[] = [];
  unpack((path) => {
    const isData = /\.(jsonl|json|parquet)$/.test(path) && !path.startsWith('__MACOSX');
    if (isData) paths.push(path);
    return false;
  });
  const checksums = checksumsIn(packed);
  return paths.sort().map((path) => {
    const whole = async () => {
      const content = unpack((other) => other === path)[path]!;
      const wanted = checksums.get(path);
      if (wanted === undefined || crc32(content) === wanted) return content;
      const problem = `${path} in it is damaged; download it again`;
      throw new FileFormatError(archive, problem);
    };
    return {
      ...{
        name: `${archive}: ${path}`,
        path: path.replaceAll('\\', '/'),
        isInArchive: true,
        whole,
      },
      async *bytes() {
        yield await whole();
      },
    };
  });
}

/** CRC-32 by path, from the directory at the end, which the library that unpacks does not look at. */
function checksumsIn(packed: Buffer): Map<string, number> {
  const found = new Map<string, number>();
  const end = packed.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) return found;
  const count = packed.readUInt16LE(end + 10);
  let at = packed.readUInt32LE(end + 16);
  for (let i = 0; i < count && at + 46 <= packed.length; i++) {
    if (packed.readUInt32LE(at) !== 0x02014b50) break; // beyond 4 GB the directory has another form
    const [name, extra, comment] = [28, 30, 32].map((field) => packed.readUInt16LE(at + field));
    const path = packed.toString('utf8', at + 46, at + 46 + name!);
    found.set(path, packed.readUInt32LE(at + 16));
    at += 46 + name! + extra! + comment!;
  }
  return found;
}
