import { FileFormatError } from '@namm/core/portable';
import { factsOf, isDtype } from './dtype.js';
import { findDuplicateKey } from './find-duplicate-key.js';
import { quoted } from './quoted.js';
import type { TensorEntry } from './tensor-entry.js';

/** What a header says. */
export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list of integers that numbers hold exactly, none negative. */
function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
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

function parseJson(text: string, path: string): Record<string, unknown> {
  // Checked first: whatever else the file is (a pickle, an HTML page), it does not begin like this.
  if (!text.startsWith('{')) {
    throw new FileFormatError(path, 'the header is not a JSON object; is this a safetensors file?');
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(path, 'the header is not valid JSON; fetch the file again', {
      cause,
    });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) {
    throw new FileFormatError(
      path,
      `the header has the key ${quoted(duplicate)} twice; write the file again`,
    );
  }
  return header;
}

function parseMetadata(value: unknown, path: string): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isRecord(value) || Object.values(value).some((item) => typeof item !== 'string')) {
    throw new FileFormatError(
      path,
      '__metadata__ must map strings to strings; write the file again',
    );
  }
  return new Map(Object.entries(value as Record<string, string>));
}

function parseTensor(name: string, value: unknown, dataOffset: number, path: string): TensorEntry {
  const fail = (problem: string) =>
    new FileFormatError(path, `tensor ${quoted(name)}: ${problem}; fetch or write the file again`, {
      details: { tensor: name },
    });
  if (!isRecord(value)) throw fail('its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const shown = typeof dtype === 'string' ? `dtype ${quoted(dtype)}` : 'its dtype';
    throw fail(`${shown} is none of the format's`);
  }
  if (!isSizes(shape)) throw fail('its shape is not a list of non-negative integers');
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw fail('its data_offsets are not two non-negative integers');
  }
  const [begin, end] = offsets as [number, number];
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = (count * factsOf(dtype).bits) / 8;
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(bytes) || end - begin !== bytes) {
    const need = `${dtype} of shape [${shape.slice(0, 8)}${shape.length > 8 ? ', …' : ''}] needs ${bytes} bytes`;
    throw fail(`${need}, but data_offsets [${begin}, ${end}] hold ${end - begin}`);
  }
  return { name, dtype, shape, offset: dataOffset + begin, byteLength: bytes };
}

/**
 * Checks and parses the JSON of a header. As in the reference reader, the tensors' bytes must fill the
 * data section exactly: no overlap, no hole, nothing behind the last.
 *
 * @param bytes the header as it stands in the file
 * @param dataOffset where the data section begins in the file
 * @param path and size of the file, `path` for error messages
 * @throws {FileFormatError} naming the tensor that is wrong
 */
export function parseHeader(
  bytes: Uint8Array,
  { path, size, dataOffset }: { path: string; size: number; dataOffset: number },
): Header {
  const { __metadata__, ...entries } = parseJson(decodeUtf8(bytes, path), path);
  const metadata = parseMetadata(__metadata__, path);
  const tensors = Object.entries(entries)
    .map(([name, value]) => parseTensor(name, value, dataOffset, path))
    .sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let expected = dataOffset;
  for (const { name, offset, byteLength } of tensors) {
    if (offset !== expected) {
      const what = offset < expected ? 'overlaps the tensor before it' : 'leaves a hole before it';
      const where = `begins at byte ${offset} of the file, not ${expected}`;
      const problem = `tensor ${quoted(name)} ${what} (${where}); write the file again`;
      throw new FileFormatError(path, problem, { details: { tensor: name } });
    }
    expected += byteLength;
  }
  if (expected !== size) {
    const problem = `the header describes ${expected} bytes, but the file has ${size}`;
    const advice =
      size < expected
        ? 'it was cut off: write or fetch it again'
        : 'it has bytes too many: write or fetch it again';
    throw new FileFormatError(path, `${problem}; ${advice}`);
  }
  return { metadata, tensors: new Map(tensors.map((entry) => [entry.name, entry])) };
}
