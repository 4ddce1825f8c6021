import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { expect, it } from 'vitest';
import { parseSafetensors } from './parse-safetensors.js';
import { serializeSafetensors } from './serialize-safetensors.js';
import { writeSafetensors } from './write-safetensors.js';

const tensors = {
  odd: { shape: [3], data: Uint8Array.of(1, 2, 3) },
  wide: { shape: [1, 2], data: Float64Array.of(0.1, -0) },
};

it('makes in memory the bytes that are written to files, and reads them back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'namm-memory-'));
  try {
    const path = join(folder, 'file.safetensors');
    await writeSafetensors(path, Object.entries(tensors), { a: 'é' });
    const bytes = serializeSafetensors(Object.entries(tensors), { a: 'é' });
    expect(bytes).toEqual(new Uint8Array(await readFile(path)));
    // also from a view that does not begin its buffer
    const shifted = new Uint8Array(bytes.byteLength + 3);
    shifted.set(bytes, 3);
    const parsed = parseSafetensors(shifted.subarray(3), 'bytes');
    expect(parsed.metadata).toEqual(new Map([['a', 'é']]));
    const { dtype, shape, bytes: data } = parsed.tensors.get('wide')!;
    expect([dtype, shape]).toEqual(['F64', [1, 2]]);
    expect(new Float64Array(data.buffer)).toEqual(tensors.wide.data);
    expect(parsed.tensors.get('odd')!.bytes).toEqual(tensors.odd.data);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('refuses every cut, naming what the bytes are', () => {
  const bytes = serializeSafetensors(Object.entries(tensors));
  for (let length = 0; length < bytes.byteLength; length++) {
    expect(() => parseSafetensors(bytes.subarray(0, length), 'state')).toThrow(FileFormatError);
  }
  expect(() => parseSafetensors(new Uint8Array(3), 'state')).toThrow(/^state: has 3 bytes/);
});
