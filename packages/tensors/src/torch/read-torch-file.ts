import { crc32 } from 'node:zlib';
import { FileFormatError } from '@namm/core';
import { withFile } from '../safetensors/open-file.js';
import { readExactly } from '../safetensors/read-exactly.js';
import { PickleProblem } from './pickle-problem.js';
import { readLegacyTorchFile } from './read-legacy-torch-file.js';
import { type LocateStorage, torchHandlers } from './torch-handlers.js';
import { unpickle } from './unpickle.js';
import { locateEntry, readZipEntries, type ZipEntry } from './zip-entries.js';

/** The pickle of a checkpoint has some kilobytes; numbers are not in it. */
const longestPickle = 2 ** 26;
const zipSignature = [0x50, 0x4b];

/**
 * Reads the structure of a file of torch.save, in its archive format or the one before version 1.6:
 * dictionaries as Maps, lists and tuples as arrays, tensors as views that read their numbers when asked.
 * The file need not be trusted: nothing in it is executed, and every size is checked before it is used.
 *
 * @throws {FileFormatError} when it is damaged, or holds anything but tensors and plain containers
 */
export function readTorchFile(path: string): Promise<unknown> {
  return withFile(path, async (handle, size) => {
    const start = new Uint8Array(Math.min(2, size));
    await readExactly(handle, start, 0, path);
    const isArchive = zipSignature.every((byte, i) => start[i] === byte);
    try {
      if (!isArchive) return await readLegacyTorchFile({ handle, size, path });
      const archive = { handle, size, path };
      const entries = await readZipEntries(archive);
      const [pickle, ...others] = [...entries.values()].filter((one) =>
        /^[^/]*\/data\.pkl$/.test(one.name),
      );
      if (!pickle || others.length > 0) {
        throw new FileFormatError(
          path,
          'the archive has no data.pkl; was it written by torch.save?',
        );
      }
      const folder = pickle.name.slice(0, pickle.name.indexOf('/'));
      const read = (entry: ZipEntry) => readEntry(path, entry);
      const byteOrder = entries.get(`${folder}/byteorder`);
      const order = byteOrder ? new TextDecoder().decode(await read(byteOrder)) : 'little';
      if (order !== 'little' && order !== 'big') {
        throw new FileFormatError(path, 'its byte order is neither little nor big');
      }
      const locate: LocateStorage = (key, dtype, count, bytes) => {
        const entry = entries.get(`${folder}/data/${key}`);
        if (entry && entry.length === bytes) return { dtype, count, read: () => read(entry) };
        const problem = entry ? `has ${entry.length} bytes, not ${bytes}` : 'is not in the archive';
        throw new PickleProblem(`storage ${JSON.stringify(key)} ${problem}`);
      };
      if (pickle.length > longestPickle)
        throw new FileFormatError(path, 'its data.pkl is too large');
      const bytes = await read(pickle);
      const { value, end } = unpickle(bytes, 0, torchHandlers(path, locate, order === 'big'));
      if (end !== bytes.length) throw new PickleProblem('something follows the pickle');
      return value;
    } catch (cause) {
      if (!(cause instanceof PickleProblem)) throw cause;
      throw new FileFormatError(path, `is not a checkpoint that can be read: ${cause.message}`, {
        cause,
      });
    }
  });
}

/** The content of an entry, checked. The file is opened anew, since tensors are read later. */
function readEntry(path: string, entry: ZipEntry): Promise<Uint8Array> {
  return withFile(path, async (handle, size) => {
    const offset = await locateEntry({ handle, size, path }, entry);
    const bytes = new Uint8Array(entry.length);
    await readExactly(handle, bytes, offset, path);
    if (crc32(bytes) === entry.checksum) return bytes;
    const problem = `${JSON.stringify(entry.name)} is damaged: its checksum is another`;
    throw new FileFormatError(path, `${problem}; fetch the file again`);
  });
}
