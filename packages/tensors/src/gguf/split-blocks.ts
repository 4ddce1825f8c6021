import { InvalidArgumentError, noneOf } from '@namm/core/portable';
import { type BlockParts, blockFormat, blockTypes } from './block-formats.js';
import { checkBlocks } from './check-blocks.js';
import { ggufTypeNamed } from './gguf-types.js';

/** The parts of many blocks. */
export interface SplitBlocks {
  /** One code a number. */
  readonly codes: Uint8Array;
  /** One a group. */
  readonly scales: Float32Array;
  /** One a group; not written where the format has none. */
  readonly offsets: Float32Array;
}

/**
 * How the blocks of a type hold their numbers; null for floats and types that cannot be read.
 *
 * @param type such as `Q4_K`
 */
export function blockParts(type: string): BlockParts | null {
  const format = blockFormat(type);
  if (!format) return null;
  const { bits, groupSize, zero, hasOffsets } = format;
  return { bits, groupSize, zero, hasOffsets };
}

/**
 * Splits whole blocks into codes, scales and offsets: what kernels for few-bit weights compute with. A number is
 * `scale · (code − zero) + offset`, exactly; see {@link blockParts}.
 *
 * @param type of the blocks, one with {@link blockParts}
 * @param bytes whole blocks, one after the other
 * @param out takes their parts, as long as they are
 * @throws {InvalidArgumentError} for another type, or when `bytes` and `out` do not fit each other
 *
 * @example
 * ```ts
 * const parts = { codes: new Uint8Array(32), scales: new Float32Array(1), offsets: new Float32Array(1) };
 * splitBlocks('Q4_0', block, parts); // block: 18 bytes
 * ```
 */
export function splitBlocks(type: string, bytes: Uint8Array, out: SplitBlocks): void {
  const format = blockFormat(type);
  if (!format) {
    throw new InvalidArgumentError('type', noneOf(type, blockTypes));
  }
  const { codes, scales, offsets } = out;
  const layout = ggufTypeNamed(type)!;
  checkBlocks(type, layout, bytes, codes.length);
  const groups = codes.length / format.groupSize;
  if (scales.length !== groups || (format.hasOffsets && offsets.length !== groups)) {
    throw new InvalidArgumentError(
      'out',
      `${codes.length} numbers of ${type} have ${groups} groups`,
    );
  }
  const { blockSize, blockBytes } = layout;
  const target = { codes, scales, offsets, code: 0, group: 0 };
  for (let b = 0; b < bytes.length; b += blockBytes) {
    format.split(bytes, b, target);
    target.code += blockSize;
    target.group += blockSize / format.groupSize;
  }
}
