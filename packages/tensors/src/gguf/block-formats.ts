import { float16ToFloat32 } from '@namm/core/portable';

/** How blocks hold their numbers: in groups, each number being `scale · (code − zero) + offset`. */
export interface BlockParts {
  /** Bits that a code needs at most. */
  readonly bits: 4 | 8;
  /** Numbers that share a scale and an offset. */
  readonly groupSize: 16 | 32;
  /** The code of 0, where the offset is 0. */
  readonly zero: number;
  /** Whether groups have offsets. */
  readonly hasOffsets: boolean;
}

/** Takes the parts of blocks: codes from `code` on, scales and offsets from `group` on. */
interface BlockTarget {
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  /** Not written by formats without offsets. */
  readonly offsets: Float32Array;
  code: number;
  group: number;
}

interface BlockFormat extends BlockParts {
  /** Splits the block that begins at byte `b`. */
  readonly split: (bytes: Uint8Array, b: number, to: BlockTarget) => void;
}

/** float32 of all half-precision numbers: blocks are too small to convert their scales in bulk. */
const halves = float16ToFloat32(Uint16Array.from({ length: 2 ** 16 }, (_, i) => i));

const u16 = (bytes: Uint8Array, b: number) => bytes[b]! | (bytes[b + 1]! << 8);
const half = (bytes: Uint8Array, b: number) => halves[u16(bytes, b)]!;
const u32 = (bytes: Uint8Array, b: number) => u16(bytes, b) | (u16(bytes, b + 2) << 16);
const int8 = (byte: number) => (byte << 24) >> 24;

// Scales have 11 bits, and what multiplies them within a block at most 8: all scales and offsets are exact in float32.

/** 4-bit codes in halves: the first 16 in the low nibbles, the others in the high ones. */
function fourBits(bytes: Uint8Array, b: number, codes: Uint8Array, o: number): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[b + i]!;
    codes[o + i] = byte & 15;
    codes[o + 16 + i] = byte >> 4;
  }
}

/** 5-bit codes: the fifth bits of all 32 in one word, then the others. */
function fiveBits(bytes: Uint8Array, b: number, codes: Uint8Array, o: number): void {
  const fifth = u32(bytes, b);
  fourBits(bytes, b + 4, codes, o);
  for (let i = 0; i < 32; i++) codes[o + i]! += ((fifth >>> i) & 1) << 4;
}

/** Values that IQ4_NL's nibbles stand for. */
const nonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** Q4_K and Q5_K: 8 scales and 8 offsets of 6 bits in 12 bytes. */
function sixBits(
  bytes: Uint8Array,
  b: number,
  i: number,
): readonly [scale: number, offset: number] {
  if (i < 4) return [bytes[b + i]! & 63, bytes[b + 4 + i]! & 63];
  const low = bytes[b + 4 + i]!;
  return [(low & 15) | ((bytes[b + i - 4]! >> 6) << 4), (low >> 4) | ((bytes[b + i]! >> 6) << 4)];
}

const q2K: BlockFormat['split'] = (bytes, b, { codes, scales, offsets, code, group: first }) => {
  const d = half(bytes, b + 80);
  const dMin = half(bytes, b + 82);
  for (let group = 0; group < 16; group++) {
    scales[first + group] = d * (bytes[b + group]! & 15);
    offsets[first + group] = -dMin * (bytes[b + group]! >> 4);
    const quants = b + 16 + 32 * (group >> 3) + 16 * (group & 1);
    const shift = 2 * ((group >> 1) & 3);
    const o = code + 16 * group;
    for (let i = 0; i < 16; i++) codes[o + i] = (bytes[quants + i]! >> shift) & 3;
  }
};

const q3K: BlockFormat['split'] = (bytes, b, { codes, scales, code, group: first }) => {
  const d = half(bytes, b + 108);
  for (let group = 0; group < 16; group++) {
    const low = (bytes[b + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
    const high = (bytes[b + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
    scales[first + group] = d * ((low | (high << 4)) - 32);
    const quants = b + 32 + 32 * (group >> 3) + 16 * (group & 1);
    const shift = 2 * ((group >> 1) & 3);
    const mask = b + 16 * (group & 1);
    const o = code + 16 * group;
    for (let i = 0; i < 16; i++) {
      const bit = (bytes[mask + i]! >> (group >> 1)) & 1;
      codes[o + i] = ((bytes[quants + i]! >> shift) & 3) | (bit << 2);
    }
  }
};

/** Q4_K, and with a fifth bit per number Q5_K. */
function q45K(hasFifth: boolean): BlockFormat['split'] {
  return (bytes, b, { codes, scales, offsets, code, group: first }) => {
    const d = half(bytes, b);
    const dMin = half(bytes, b + 2);
    const fifth = b + 16;
    const quants = b + (hasFifth ? 48 : 16);
    for (let group = 0; group < 8; group++) {
      const [scale, offset] = sixBits(bytes, b + 4, group);
      scales[first + group] = d * scale;
      offsets[first + group] = -dMin * offset;
      const o = code + 32 * group;
      for (let i = 0; i < 32; i++) {
        const low = (bytes[quants + 32 * (group >> 1) + i]! >> (4 * (group & 1))) & 15;
        const high = hasFifth ? ((bytes[fifth + i]! >> group) & 1) << 4 : 0;
        codes[o + i] = low | high;
      }
    }
  };
}

const q6K: BlockFormat['split'] = (bytes, b, { codes, scales, code, group: first }) => {
  const d = half(bytes, b + 208);
  for (let group = 0; group < 16; group++) {
    scales[first + group] = d * int8(bytes[b + 192 + group]!);
    const half128 = group >> 3;
    const quarter = (group >> 1) & 3; // of the 128
    const low = b + 64 * half128 + 32 * (quarter & 1) + 16 * (group & 1);
    const high = b + 128 + 32 * half128 + 16 * (group & 1);
    const o = code + 16 * group;
    for (let i = 0; i < 16; i++) {
      const four = (bytes[low + i]! >> (quarter < 2 ? 0 : 4)) & 15;
      const two = (bytes[high + i]! >> (2 * quarter)) & 3;
      codes[o + i] = four | (two << 4);
    }
  }
};

const plain = { groupSize: 32, hasOffsets: false } as const;
const withOffsets = { groupSize: 32, hasOffsets: true } as const;

/** From the published definitions of the blocks. */
const formats: Readonly<Record<string, BlockFormat>> = {
  Q8_0: {
    ...{ ...plain, bits: 8, zero: 128 },
    split: (bytes, b, { codes, scales, code, group }) => {
      scales[group] = half(bytes, b);
      for (let i = 0; i < 32; i++) codes[code + i] = bytes[b + 2 + i]! ^ 128;
    },
  },
  Q4_0: {
    ...{ ...plain, bits: 4, zero: 8 },
    split: (bytes, b, { codes, scales, code, group }) => {
      scales[group] = half(bytes, b);
      fourBits(bytes, b + 2, codes, code);
    },
  },
  Q4_1: {
    ...{ ...withOffsets, bits: 4, zero: 0 },
    split: (bytes, b, { codes, scales, offsets, code, group }) => {
      scales[group] = half(bytes, b);
      offsets[group] = half(bytes, b + 2);
      fourBits(bytes, b + 4, codes, code);
    },
  },
  Q5_0: {
    ...{ ...plain, bits: 8, zero: 16 },
    split: (bytes, b, { codes, scales, code, group }) => {
      scales[group] = half(bytes, b);
      fiveBits(bytes, b + 2, codes, code);
    },
  },
  Q5_1: {
    ...{ ...withOffsets, bits: 8, zero: 0 },
    split: (bytes, b, { codes, scales, offsets, code, group }) => {
      scales[group] = half(bytes, b);
      offsets[group] = half(bytes, b + 2);
      fiveBits(bytes, b + 4, codes, code);
    },
  },
  IQ4_NL: {
    ...{ ...plain, bits: 8, zero: 128 },
    split: (bytes, b, { codes, scales, code, group }) => {
      scales[group] = half(bytes, b);
      fourBits(bytes, b + 2, codes, code);
      for (let i = code; i < code + 32; i++) codes[i] = nonLinear[codes[i]!]! + 128;
    },
  },
  Q2_K: { bits: 4, groupSize: 16, zero: 0, hasOffsets: true, split: q2K },
  Q3_K: { bits: 4, groupSize: 16, zero: 4, hasOffsets: false, split: q3K },
  Q4_K: { ...withOffsets, bits: 4, zero: 0, split: q45K(false) },
  Q5_K: { ...withOffsets, bits: 8, zero: 0, split: q45K(true) },
  Q6_K: { bits: 8, groupSize: 16, zero: 32, hasOffsets: false, split: q6K },
};

/** Types whose numbers are in blocks that can be read. */
export const blockTypes: readonly string[] = Object.keys(formats);

/** The format of a type, null where it is not in blocks or cannot be read. */
export function blockFormat(type: string): BlockFormat | null {
  return Object.hasOwn(formats, type) ? formats[type]! : null;
}
