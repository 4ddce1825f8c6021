import type { FileHandle } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';
import { readExactly } from '../safetensors/read-exactly.js';
import { PickleProblem } from './pickle-problem.js';
import { type LocateStorage, torchHandlers } from './torch-handlers.js';
import type { TorchDtype } from './torch-tensor.js';
import { type PickleHandlers, unpickle } from './unpickle.js';

/** As torch writes it, the start of every file of the old format. */
const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** The whole file is read at once, since the places of its storages follow from one another. */
const longestFile = 2 ** 30;

const plainOnly: PickleHandlers = {
  persistent() {
    throw new PickleProblem('its header refers to storages');
  },
  reduce(name) {
    throw new PickleProblem(`its header uses ${name}`);
  },
};

/**
 * Reads the format before version 1.6: a magic number, a version, facts about the machine, the object and the
 * keys of its storages, each a pickle; then per storage its count and its elements.
 */
export async function readLegacyTorchFile(file: {
  handle: FileHandle;
  size: number;
  path: string;
}): Promise<unknown> {
  const { handle, size, path } = file;
  if (size > longestFile) {
    throw new FileFormatError(path, 'is larger than files of the old torch format are read here');
  }
  const bytes = new Uint8Array(size);
  await readExactly(handle, bytes, 0, path);
  if (bytes[0] !== 0x80) {
    throw new FileFormatError(path, 'is neither an archive nor a pickle of torch.save');
  }

  let position = 0;
  const next = (handlers: PickleHandlers): unknown => {
    const { value, end } = unpickle(bytes, position, handlers);
    position = end;
    return value;
  };
  if (next(plainOnly) !== magicNumber || next(plainOnly) !== protocolVersion) {
    throw new PickleProblem('it does not begin like a file of torch.save');
  }
  const machine = next(plainOnly);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw new PickleProblem('its numbers are big-endian, or it does not say');
  }

  const used = new Map<string, { dtype: TorchDtype; count: number; length: number }>();
  const offsets = new Map<string, number>();
  const locate: LocateStorage = (key, dtype, count, length) => {
    const known = used.get(key);
    if (known && (known.dtype !== dtype || known.count !== count)) {
      throw new PickleProblem(`storage ${JSON.stringify(key)} is of two kinds`);
    }
    used.set(key, { dtype, count, length });
    const read = async () => {
      const offset = offsets.get(key)!; // all keys were seen before anything is read
      return bytes.subarray(offset, offset + length);
    };
    return { dtype, count, read };
  };
  const value = next(torchHandlers(path, locate));
  const keys = next(plainOnly);
  if (!Array.isArray(keys)) throw new PickleProblem('it does not list its storages');
  const view = new DataView(bytes.buffer);
  for (const key of keys) {
    const storage = used.get(key);
    const isThere = storage && position + 8 + storage.length <= size && !offsets.has(key);
    if (!isThere || view.getBigInt64(position, true) !== BigInt(storage.count)) {
      throw new PickleProblem(`storage ${JSON.stringify(key)} is not where it should be`);
    }
    offsets.set(key, position + 8);
    position += 8 + storage.length;
  }
  if (offsets.size < used.size) throw new PickleProblem('a storage is missing');
  if (position !== size) throw new PickleProblem('something follows its last storage');
  return value;
}
