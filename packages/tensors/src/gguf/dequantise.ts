import { float16ToFloat32, InvalidArgumentError } from '@namm/core/portable';
import { type GgufLayout, ggufTypeNamed } from './gguf-types.js';

/** Writes the numbers of the block that begins at byte `b` to `out`, from `o` on. */
type Decode = (bytes: Uint8Array, b: number, out: Float32Array, o: number) => void;

/** float32 of all half-precision numbers: blocks are too small to convert their scales in bulk. */
const halves = float16ToFloat32(Uint16Array.from({ length: 2 ** 16 }, (_, i) => i));

const u16 = (bytes: Uint8Array, b: number) => bytes[b]! | (bytes[b + 1]! << 8);
const half = (bytes: Uint8Array, b: number) => halves[u16(bytes, b)]!;
const u32 = (bytes: Uint8Array, b: number) => u16(bytes, b) | (u16(bytes, b + 2) << 16);
const int8 = (byte: number) => (byte << 24) >> 24;

// Sums and products below are computed in double precision and rounded once, when they are stored. Scales have
// 11 bits and quants at most 14 together, so the products are exact, and the bits are those of float32 arithmetic.
const bits32 = new Uint32Array(1);
const float32 = new Float32Array(bits32.buffer);

/** 4-bit numbers in halves: the first 16 in the low nibbles, the others in the high ones. */
function fourBits(bytes: Uint8Array, b: number, out: Float32Array, o: number): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[b + i]!;
    out[o + i] = byte & 15;
    out[o + 16 + i] = byte >> 4;
  }
}

/** Values that IQ4_NL's nibbles stand for. */
const nonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** 5-bit numbers: the fifth bits of all 32 in one word, then the others. */
function fiveBits(bytes: Uint8Array, b: number, out: Float32Array, o: number): void {
  const fifth = u32(bytes, b);
  fourBits(bytes, b + 4, out, o);
  for (let i = 0; i < 32; i++) out[o + i]! += ((fifth >>> i) & 1) << 4;
}

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

function q2K(bytes: Uint8Array, b: number, out: Float32Array, o: number): void {
  const d = half(bytes, b + 80);
  const dMin = half(bytes, b + 82);
  for (let group = 0; group < 16; group++) {
    const scale = d * (bytes[b + group]! & 15);
    const offset = dMin * (bytes[b + group]! >> 4);
    const quants = b + 16 + 32 * (group >> 3) + 16 * (group & 1);
    const shift = 2 * ((group >> 1) & 3);
    for (let i = 0; i < 16; i++) {
      out[o + 16 * group + i] = scale * ((bytes[quants + i]! >> shift) & 3) - offset;
    }
  }
}

function q3K(bytes: Uint8Array, b: number, out: Float32Array, o: number): void {
  const d = half(bytes, b + 108);
  for (let group = 0; group < 16; group++) {
    const low = (bytes[b + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
    const high = (bytes[b + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
    const scale = d * ((low | (high << 4)) - 32);
    const quants = b + 32 + 32 * (group >> 3) + 16 * (group & 1);
    const shift = 2 * ((group >> 1) & 3);
    const mask = b + 16 * (group & 1);
    for (let i = 0; i < 16; i++) {
      const bit = (bytes[mask + i]! >> (group >> 1)) & 1;
      out[o + 16 * group + i] = scale * (((bytes[quants + i]! >> shift) & 3) - (bit ? 0 : 4));
    }
  }
}

/** Q4_K, and with a fifth bit per number Q5_K. */
function q45K(hasFifth: boolean): Decode {
  return (bytes, b, out, o) => {
    const d = half(bytes, b);
    const dMin = half(bytes, b + 2);
    const fifth = b + 16;
    const quants = b + (hasFifth ? 48 : 16);
    for (let group = 0; group < 8; group++) {
      const [scale, offset] = sixBits(bytes, b + 4, group);
      const ds = d * scale;
      const dm = dMin * offset;
      for (let i = 0; i < 32; i++) {
        const low = (bytes[quants + 32 * (group >> 1) + i]! >> (4 * (group & 1))) & 15;
        const high = hasFifth ? ((bytes[fifth + i]! >> group) & 1) << 4 : 0;
        out[o + 32 * group + i] = ds * (low | high) - dm;
      }
    }
  };
}

function q6K(bytes: Uint8Array, b: number, out: Float32Array, o: number): void {
  const d = half(bytes, b + 208);
  for (let group = 0; group < 16; group++) {
    const scale = d * int8(bytes[b + 192 + group]!);
    const half128 = group >> 3;
    const quarter = (group >> 1) & 3; // of the 128
    const low = b + 64 * half128 + 32 * (quarter & 1) + 16 * (group & 1);
    const high = b + 128 + 32 * half128 + 16 * (group & 1);
    for (let i = 0; i < 16; i++) {
      const four = (bytes[low + i]! >> (quarter < 2 ? 0 : 4)) & 15;
      const two = (bytes[high + i]! >> (2 * quarter)) & 3;
      out[o + 16 * group + i] = scale * ((four | (two << 4)) - 32);
    }
  }
}

/** From the published definitions of the blocks. */
const decoders: Readonly<Record<string, Decode>> = {
  F32: (bytes, b, out, o) => {
    bits32[0] = u32(bytes, b);
    out[o] = float32[0]!;
  },
  F16: (bytes, b, out, o) => {
    out[o] = half(bytes, b);
  },
  BF16: (bytes, b, out, o) => {
    bits32[0] = u16(bytes, b) << 16;
    out[o] = float32[0]!;
  },
  Q8_0: (bytes, b, out, o) => {
    const d = half(bytes, b);
    for (let i = 0; i < 32; i++) out[o + i] = d * int8(bytes[b + 2 + i]!);
  },
  Q4_0: (bytes, b, out, o) => {
    const d = half(bytes, b);
    fourBits(bytes, b + 2, out, o);
    for (let i = o; i < o + 32; i++) out[i] = d * (out[i]! - 8);
  },
  Q4_1: (bytes, b, out, o) => {
    const d = half(bytes, b);
    const m = half(bytes, b + 2);
    fourBits(bytes, b + 4, out, o);
    for (let i = o; i < o + 32; i++) out[i] = d * out[i]! + m;
  },
  Q5_0: (bytes, b, out, o) => {
    const d = half(bytes, b);
    fiveBits(bytes, b + 2, out, o);
    for (let i = o; i < o + 32; i++) out[i] = d * (out[i]! - 16);
  },
  Q5_1: (bytes, b, out, o) => {
    const d = half(bytes, b);
    const m = half(bytes, b + 2);
    fiveBits(bytes, b + 4, out, o);
    for (let i = o; i < o + 32; i++) out[i] = d * out[i]! + m;
  },
  IQ4_NL: (bytes, b, out, o) => {
    const d = half(bytes, b);
    fourBits(bytes, b + 2, out, o);
    for (let i = o; i < o + 32; i++) out[i] = d * nonLinear[out[i]!]!;
  },
  Q2_K: q2K,
  Q3_K: q3K,
  Q4_K: q45K(false),
  Q5_K: q45K(true),
  Q6_K: q6K,
};

/** Types of GGUF tensors that can be turned into float32. */
export const dequantisable: readonly string[] = Object.keys(decoders);

/**
 * The layout of a type that {@link dequantise} takes, null for any other.
 *
 * @param type such as `Q4_K`
 */
export function blockLayout(type: string): GgufLayout | null {
  return Object.hasOwn(decoders, type) ? ggufTypeNamed(type) : null;
}

/**
 * The float32 numbers of whole blocks.
 *
 * @param type of the numbers, one of {@link dequantisable}
 * @param bytes whole blocks, one after the other
 * @param out takes all their numbers
 * @throws {InvalidArgumentError} for another type, or when `bytes` and `out` do not fit each other
 *
 * @example
 * ```ts
 * const numbers = new Float32Array(32);
 * dequantise('Q8_0', block, numbers); // block: 34 bytes
 * ```
 */
export function dequantise(type: string, bytes: Uint8Array, out: Float32Array): void {
  const layout = blockLayout(type);
  if (!layout) {
    throw new InvalidArgumentError('type', `'${type}' is none of ${dequantisable.join(', ')}`);
  }
  const { blockSize, blockBytes } = layout;
  const blocks = out.length / blockSize;
  if (!Number.isInteger(blocks) || bytes.length !== blocks * blockBytes) {
    const problem = `${bytes.length} bytes of ${type} are not ${out.length} numbers`;
    throw new InvalidArgumentError('bytes', problem);
  }
  const decode = decoders[type]!;
  for (let i = 0; i < blocks; i++) decode(bytes, i * blockBytes, out, i * blockSize);
}
