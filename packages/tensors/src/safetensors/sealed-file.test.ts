import { FileFormatError, InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSealed, writeSealed } from './sealed-file.js';
import { serializeSafetensors } from './serialize-safetensors.js';
import { underPrefix, withPrefix } from './snapshot.js';

const snapshot = {
  metadata: { format: 'test', note: 'Grüße' },
  tensors: {
    mean: { shape: [3], data: Float64Array.of(1, -0, Number.NaN) },
    grid: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  },
};

describe('a sealed file', () => {
  it('gives back what was written, under prefixes too', () => {
    const inner = withPrefix(snapshot, 'inner.');
    const file = readSealed(writeSealed(inner), 'state');
    const { metadata, tensors } = underPrefix(file, 'inner.');
    expect(Object.fromEntries(metadata)).toEqual(snapshot.metadata);
    expect([...tensors.keys()].sort()).toEqual(['grid', 'mean']);
    expect(new Float64Array(tensors.get('mean')!.bytes.buffer)).toEqual(snapshot.tensors.mean.data);
    expect(tensors.get('grid')).toMatchObject({ dtype: 'F32', shape: [2, 2] });
    expect(underPrefix(file, 'other.').tensors.size).toBe(0);
  });

  it('is refused whichever bit is not as it was written', () => {
    const bytes = writeSealed(snapshot);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const damaged = bytes.slice();
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => readSealed(damaged, 'state')).toThrow(FileFormatError);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when cut off, of something else, or no bytes', () => {
    const bytes = writeSealed(snapshot);
    expect(() => readSealed(bytes.subarray(0, -1), 'state')).toThrow(FileFormatError);
    const other = serializeSafetensors(Object.entries(snapshot.tensors), snapshot.metadata);
    expect(() => readSealed(other, 'state')).toThrow('of something else');
    expect(() => readSealed('bytes' as never, 'state')).toThrow(InvalidArgumentError);
  });
});
