import {
  bfloat16ToFloat32,
  float16ToFloat32,
  InvalidArgumentError,
  noneOf,
} from '@namm/core/portable';
import { blockFormat, blockTypes } from './block-formats.js';
import { checkBlocks } from './check-blocks.js';
import { type GgufLayout, ggufTypeNamed } from './gguf-types.js';

/** How floats are widened, from bytes of a buffer of their own. */
const floats: Readonly<Record<string, (bytes: ArrayBuffer) => Float32Array>> = {
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => float16ToFloat32(new Uint16Array(bytes)),
  BF16: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)),
};

/** Types of GGUF tensors that can be turned into float32. */
export const dequantisable: readonly string[] = [...Object.keys(floats), ...blockTypes];

/**
 * The layout of a type that {@link dequantise} takes, null for any other.
 *
 * @param type such as `Q4_K`
 */
export function blockLayout(type: string): GgufLayout | null {
  return dequantisable.includes(type) ? ggufTypeNamed(type) : null;
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
    throw new InvalidArgumentError('type', noneOf(type, dequantisable));
  }
  checkBlocks(type, layout, bytes, out.length);
  const widen = floats[type];
  if (widen) out.set(widen(bytes.slice().buffer));
  else dequantiseBlocks(type, layout, bytes, out);
}

function dequantiseBlocks(
  type: string,
  { blockSize, blockBytes }: GgufLayout,
  bytes: Uint8Array,
  out: Float32Array,
): void {
  const { groupSize, zero, split } = blockFormat(type)!;
  const codes = new Uint8Array(blockSize);
  const groups = blockSize / groupSize;
  const [scales, offsets] = [new Float32Array(groups), new Float32Array(groups)];
  const block = { codes, scales, offsets, code: 0, group: 0 };
  for (let b = 0, o = 0; b < bytes.length; b += blockBytes) {
    split(bytes, b, block);
    for (let group = 0, i = 0; group < groups; group++) {
      const [scale, offset] = [scales[group]!, offsets[group]!];
      // Computed in double precision and rounded once: scales are short enough for an exact product, so the bits are
      // those of float32 arithmetic.
      for (const end = i + groupSize; i < end; ) out[o++] = scale * (codes[i++]! - zero) + offset;
    }
  }
}
