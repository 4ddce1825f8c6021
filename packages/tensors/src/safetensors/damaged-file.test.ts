import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from './open-safetensors.js';
import { writeSafetensors } from './write-safetensors.js';

let folder: string;
let path: string;
let intact: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-damaged-'));
  path = join(folder, 'file.safetensors');
  const a = { shape: [2, 3], data: new Float32Array(6) };
  const b = { shape: [3], data: new Uint8Array(3) };
  await writeSafetensors(path, Object.entries({ a, b }), { format: 'pt' });
  intact = await readFile(path);
});
afterAll(() => rm(folder, { recursive: true }));

/** Opens the file and reads all of it. */
async function readAll(): Promise<void> {
  const file = await openSafetensors(path);
  for (const { name, shape } of file.tensors.values()) {
    const numbers = await file.readNumbers(name);
    expect(numbers.length).toBe(shape.reduce((product, size) => product * size, 1));
  }
}

const edit = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }),
  // What the header is made of, so that many damaged headers are still JSON.
  fc.record({
    at: fc.nat(),
    byte: fc.constantFrom(...'0123456789[]{},:"-.eF '.split('')).map((c) => c.charCodeAt(0)),
  }),
);

describe('a damaged file', () => {
  it('is read or refused with a FileFormatError, whatever was changed or cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { maxLength: 4 }),
        fc.option(fc.nat()),
        async (edits, cut) => {
          const bytes = intact.slice();
          for (const { at, byte } of edits) bytes[at % bytes.length] = byte;
          await writeFile(path, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
          const error: unknown = await readAll().catch((reason) => reason);
          if (error !== undefined) expect(error).toBeInstanceOf(FileFormatError);
        },
      ),
      { numRuns: 500 },
    );
  });
});
