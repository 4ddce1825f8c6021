import { readFileSync } from 'node:fs';
import { float16ToFloat32, float32ToFloat16, InvalidArgumentError, Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { blockLayout, dequantisable, dequantise } from './dequantise.js';

const { fround } = Math;

/** Number `i` of a block, looked up bit by bit: the definition, read aloud. */
function element(type: string, block: Uint8Array, i: number): number {
  const half = (at: number) =>
    float16ToFloat32(Uint16Array.of(block[at]! + 256 * block[at + 1]!))[0]!;
  const bits = (bit: number, count: number) => {
    let value = 0;
    for (let k = 0; k < count; k++) {
      value += ((block[(bit + k) >> 3]! >> ((bit + k) & 7)) & 1) * 2 ** k;
    }
    return value;
  };
  const signed = (at: number) => (block[at]! > 127 ? block[at]! - 256 : block[at]!);
  const nibble = (at: number) => bits(8 * (at + (i % 16)) + (i < 16 ? 0 : 4), 4);
  const j = i % 128;
  switch (type) {
    case 'Q8_0':
      return fround(half(0) * signed(2 + i));
    case 'Q4_0':
      return fround(half(0) * (nibble(2) - 8));
    case 'Q4_1':
      return fround(fround(half(0) * nibble(4)) + half(2));
    case 'Q5_0':
      return fround(half(0) * (nibble(6) + 16 * bits(8 * 2 + i, 1) - 16));
    case 'Q5_1':
      return fround(fround(half(0) * (nibble(8) + 16 * bits(8 * 4 + i, 1))) + half(2));
    case 'IQ4_NL': {
      const values = '-127 -104 -83 -65 -49 -35 -22 -10 1 13 25 38 53 69 89 113'.split(' ');
      return fround(half(0) * Number(values[nibble(2)]));
    }
    case 'Q2_K': {
      const scale = Math.floor(i / 16);
      const q = bits(8 * (16 + 32 * Math.floor(i / 128) + (i % 32)) + 2 * Math.floor(j / 32), 2);
      const product = fround(fround(half(80) * bits(8 * scale, 4)) * q);
      return fround(product - fround(half(82) * bits(8 * scale + 4, 4)));
    }
    case 'Q3_K': {
      const s = Math.floor(i / 16);
      const low = bits(8 * (96 + (s % 8)) + (s < 8 ? 0 : 4), 4);
      const scale = low + 16 * bits(8 * (104 + (s % 4)) + 2 * Math.floor(s / 4), 2) - 32;
      const two = bits(8 * (32 + 32 * Math.floor(i / 128) + (i % 32)) + 2 * Math.floor(j / 32), 2);
      const q = two + 4 * bits(8 * (i % 32) + Math.floor(i / 32), 1) - 4;
      return fround(fround(half(108) * scale) * q);
    }
    case 'Q4_K':
    case 'Q5_K': {
      const s = Math.floor(i / 32);
      const scale = s < 4 ? bits(8 * (4 + s), 6) : bits(8 * (8 + s), 4) + 16 * bits(8 * s + 6, 2);
      const offset =
        s < 4 ? bits(8 * (8 + s), 6) : bits(8 * (8 + s) + 4, 4) + 16 * bits(8 * (4 + s) + 6, 2);
      const at = (type === 'Q4_K' ? 16 : 48) + 32 * Math.floor(s / 2) + (i % 32);
      const fifth = type === 'Q4_K' ? 0 : 16 * bits(8 * (16 + (i % 32)) + s, 1);
      const q = bits(8 * at + 4 * (s % 2), 4) + fifth;
      return fround(fround(fround(half(0) * scale) * q) - fround(half(2) * offset));
    }
    case 'Q6_K': {
      const n = Math.floor(i / 128);
      const four = bits(8 * (64 * n + (j % 64)) + (j < 64 ? 0 : 4), 4);
      const two = bits(8 * (128 + 32 * n + (j % 32)) + 2 * Math.floor(j / 32), 2);
      const scale = fround(half(208) * signed(192 + Math.floor(i / 16)));
      return fround(scale * (four + 16 * two - 32));
    }
    case 'F16':
      return half(0);
    case 'BF16':
      return new Float32Array(Uint32Array.of(bits(0, 16) * 2 ** 16).buffer)[0]!;
    default:
      return new Float32Array(block.slice().buffer)[0]!;
  }
}

/** Where half-precision numbers stand: random ones must be finite. */
const halves: Readonly<Record<string, readonly number[]>> = {
  ...{ F16: [0], Q8_0: [0], Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], IQ4_NL: [0] },
  ...{ Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208] },
};

function randomBlocks(type: string, count: number, random: Random): Uint8Array {
  const { blockBytes } = blockLayout(type)!;
  const bytes = Uint8Array.from({ length: count * blockBytes }, () => random.integer(256));
  for (let i = 0; i < count; i++) {
    if (type === 'F32' || type === 'BF16') bytes[(i + 1) * blockBytes - 1] = 0x3f;
    for (const at of halves[type] ?? []) {
      const scale = float32ToFloat16(
        Float32Array.of(random.normal() * 10 ** (random.integer(7) - 4)),
      );
      bytes.set(new Uint8Array(scale.buffer), i * blockBytes + at);
    }
  }
  return bytes;
}

/** Bits, so that -0 and NaN count. */
const bitsOf = (numbers: Float32Array) => new Uint32Array(numbers.slice().buffer);

describe.each(dequantisable)('%s', (type) => {
  it('gives the numbers of the definition', () => {
    const { blockSize, blockBytes } = blockLayout(type)!;
    const count = blockSize === 1 ? 500 : 40;
    const bytes = randomBlocks(type, count, new Random(5));
    const numbers = new Float32Array(count * blockSize);
    dequantise(type, bytes, numbers);
    const expected = numbers.map((_, i) => {
      const block = Math.floor(i / blockSize) * blockBytes;
      return element(type, bytes.subarray(block, block + blockBytes), i % blockSize);
    });
    expect(numbers.every(Number.isFinite)).toBe(true);
    // 0 times a negative scale is -0 in one order of operations and 0 in another.
    expect(bitsOf(numbers.map((n) => n + 0))).toEqual(bitsOf(expected.map((n) => n + 0)));
  });
});

const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/blocks.json', import.meta.url), 'utf8'),
) as Record<string, { bytes: string; numbers: string }>;

it.each(Object.keys(recorded))('%s gives what llama.cpp’s gguf package gives', (type) => {
  const { bytes, numbers } = recorded[type]!;
  const expected = new Float32Array(new Uint8Array(Buffer.from(numbers, 'base64')).buffer);
  const actual = new Float32Array(expected.length);
  dequantise(type, new Uint8Array(Buffer.from(bytes, 'base64')), actual);
  expect(bitsOf(actual.map((n) => n + 0))).toEqual(bitsOf(expected.map((n) => n + 0)));
});

it('every type but F32 is recorded', () => {
  expect(['F32', ...Object.keys(recorded)].sort()).toEqual([...dequantisable].sort());
});

it('refuses other types, and bytes that do not fit', () => {
  expect(() => dequantise('IQ2_S', new Uint8Array(82), new Float32Array(256))).toThrow(/IQ2_S/);
  const short = () => dequantise('Q4_0', new Uint8Array(17), new Float32Array(32));
  expect(short).toThrow(InvalidArgumentError);
  expect(() => dequantise('Q4_0', new Uint8Array(18), new Float32Array(33))).toThrow(/33 numbers/);
});
