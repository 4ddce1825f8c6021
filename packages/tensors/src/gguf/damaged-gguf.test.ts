import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openGguf } from './open-gguf.js';
import { type GgufTypedValue, serializeGguf } from './serialize-gguf.js';

/** How many files are damaged; `GGUF_FUZZ=100000 npx vitest run --project tensors damaged-gguf` tries more. */
const runs = Number(process.env.GGUF_FUZZ ?? 2000);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tokens = ['a', 'b', 'é'].map((value): GgufTypedValue => ({ type: 'text', value }));
const intact = serializeGguf(
  {
    'general.architecture': { type: 'text', value: 'llama' },
    'llama.block_count': { type: 'uint32', value: 2 },
    tokens: { type: 'list', value: tokens },
    nested: { type: 'list', value: [{ type: 'list', value: [{ type: 'bool', value: true }] }] },
  },
  Object.entries({
    a: { type: 'F32', shape: [2, 3], bytes: new Uint8Array(24).fill(7) },
    b: { type: 'Q4_0', shape: [2, 32], bytes: new Uint8Array(36).fill(9) },
  }),
);

/** Bytes that mean something in a header: counts near the truth, types, and lengths that are huge. */
const edit = fc.record({
  at: fc.oneof(fc.nat(), fc.constantFrom(4, 8, 15, 16, 23)),
  byte: fc.oneof(fc.nat(255), fc.nat(13), fc.constantFrom(127, 128, 255)),
});

it('a damaged file is read or refused with a FileFormatError, whatever was changed or cut', async () => {
  const path = join(folder, 'file.gguf');
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(), { freq: 5 }),
      fc.boolean(),
      async (edits, cut, isAll) => {
        const bytes = intact.slice();
        for (const { at, byte } of edits) bytes[at % bytes.length] = byte;
        await writeFile(path, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
        const read = async () => {
          const file = await openGguf(path, (key) => !isAll && key === 'tokens');
          for (const { name, type, shape } of file.tensors.values()) {
            if (!['F32', 'F16', 'BF16', 'Q4_0'].includes(type)) continue;
            const numbers = await file.readFloat32(name);
            expect(numbers.length).toBe(shape.reduce((product, size) => product * size, 1));
          }
        };
        const error: unknown = await read().catch((reason) => reason);
        if (error === undefined) return;
        refused++;
        expect(error).toBeInstanceOf(FileFormatError);
        expect((error as Error).message.length).toBeLessThan(1000);
      },
    ),
    { numRuns: runs },
  );
  expect(refused).toBeGreaterThan(runs / 5); // most edits of a header are lies
});
