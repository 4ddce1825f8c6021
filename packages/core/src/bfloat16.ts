/**
 * Widens bfloat16 numbers (the upper half of a single-precision number). Exact.
 *
 * @param patterns bit patterns
 * @returns as many single-precision numbers
 *
 * @example
 * ```ts
 * bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc000)); // Float32Array [1, -2]
 * ```
 */
export function bfloat16ToFloat32(patterns: Uint16Array): Float32Array {
  const bits = new Uint32Array(patterns.length);
  for (let i = 0; i < patterns.length; i++) bits[i] = patterns[i]! << 16;
  return new Float32Array(bits.buffer);
}

/**
 * The bfloat16 bit patterns nearest to single-precision numbers (ties to even).
 *
 * @example
 * ```ts
 * float32ToBfloat16(Float32Array.of(1, -2)); // Uint16Array [0x3f80, 0xc000]
 * ```
 */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const pattern = bits[i]!;
    // Rounding could carry a NaN's fraction into the sign; a quiet NaN has none to carry.
    if (Number.isNaN(values[i]!)) result[i] = ((pattern >>> 16) & 0x8000) | 0x7fc0;
    else result[i] = (pattern + 0x7fff + ((pattern >>> 16) & 1)) >>> 16;
  }
  return result;
}
