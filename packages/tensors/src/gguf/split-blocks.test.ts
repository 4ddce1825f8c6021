import { InvalidArgumentError, Random } from '@namm/core';
import { expect, it } from 'vitest';
import { blockTypes } from './block-formats.js';
import { blockLayout, dequantise } from './dequantise.js';
import { blockParts, splitBlocks } from './split-blocks.js';

it.each(blockTypes)('%s: scale · (code − zero) + offset is the number, rounded once', (type) => {
  const { blockSize, blockBytes } = blockLayout(type)!;
  const { bits, groupSize, zero, hasOffsets } = blockParts(type)!;
  const random = new Random(3);
  const bytes = Uint8Array.from({ length: 30 * blockBytes }, () => random.integer(256) & 0x3b);
  const count = 30 * blockSize;
  const numbers = new Float32Array(count);
  dequantise(type, bytes, numbers);
  const groups = count / groupSize;
  const [scales, offsets] = [new Float32Array(groups), new Float32Array(hasOffsets ? groups : 0)];
  const codes = new Uint8Array(count);
  splitBlocks(type, bytes, { codes, scales, offsets });
  const group = (i: number) => Math.floor(i / groupSize);
  const joined = numbers.map(
    (_, i) => scales[group(i)]! * (codes[i]! - zero) + (offsets[group(i)] ?? 0),
  );
  expect(numbers.some((n) => n !== 0)).toBe(true);
  expect(joined).toEqual(numbers.map((n) => n + 0));
  expect(Math.max(...codes)).toBeLessThan(2 ** bits);
});

it('refuses floats, other types, and parts that do not fit', () => {
  expect(blockParts('F16')).toBeNull();
  const parts = (codes: number, groups: number) => ({
    codes: new Uint8Array(codes),
    scales: new Float32Array(groups),
    offsets: new Float32Array(groups),
  });
  const [block, blockWithOffset] = [new Uint8Array(18), new Uint8Array(20)];
  expect(() => splitBlocks('F16', block, parts(9, 1))).toThrow(/'F16'/);
  expect(() => splitBlocks('Q4_0', block, parts(64, 2))).toThrow(/18 bytes of Q4_0/);
  expect(() => splitBlocks('Q4_0', block, parts(32, 2))).toThrow(InvalidArgumentError);
  const noOffsets = { ...parts(32, 1), offsets: new Float32Array(0) };
  expect(() => splitBlocks('Q4_1', blockWithOffset, noOffsets)).toThrow(/1 groups/);
});
