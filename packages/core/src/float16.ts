// Reused to look at the bits of a double.
const double = new Float64Array(1);
const doubleBits = new Uint32Array(double.buffer);

/** Rounds 0 ≤ x < 2^52 to the nearest integer, ties to even: that many leave no bits for a fraction. */
function roundHalfEven(x: number): number {
  return x + 2 ** 52 - 2 ** 52;
}

/**
 * Widens IEEE 754 half-precision numbers. Exact, NaN payloads included.
 *
 * @param halves bit patterns
 * @returns as many single-precision numbers
 *
 * @example
 * ```ts
 * float16ToFloat32(Uint16Array.of(0x3c00, 0xc000)); // Float32Array [1, -2]
 * ```
 */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const result = new Float32Array(halves.length);
  const bits = new Uint32Array(result.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = half & 0x7c00;
    const fraction = half & 0x03ff;
    if (exponent === 0) {
      result[i] = fraction * 2 ** -24; // zero and subnormal numbers
      bits[i] = bits[i]! | sign;
    } else if (exponent === 0x7c00) {
      bits[i] = sign | 0x7f80_0000 | (fraction << 13);
    } else {
      bits[i] = sign | ((exponent + 0x1c000) << 13) | (fraction << 13); // bias 15 becomes 127
    }
  }
  return result;
}

/**
 * The half-precision bit pattern nearest to a number (ties to even; beyond 65519 infinity).
 *
 * @example
 * ```ts
 * toFloat16(1 / 3).toString(16); // '3555'
 * ```
 */
export function toFloat16(value: number): number {
  double[0] = value;
  const high = doubleBits[1]!;
  const sign = (high >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  const fraction = roundHalfEven((magnitude / 2 ** exponent) * 1024) - 1024;
  return sign | (((exponent + 15) << 10) + fraction); // a fraction of 1024 carries into the exponent
}

/** {@link toFloat16} of every element. */
export function float32ToFloat16(values: ArrayLike<number>): Uint16Array {
  if (!(values instanceof Float32Array)) return Uint16Array.from(values, toFloat16);
  const result = new Uint16Array(values.length);
  writeFloat16(values, result);
  return result;
}

/** {@link toFloat16} of every element, into an array that is at least as long. */
export function writeFloat16(values: Float32Array, result: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fff_ffff;
    const sign = (bits[i]! >>> 16) & 0x8000;
    if (magnitude >= 0x4780_0000) {
      result[i] = toFloat16(values[i]!); // 65536 and more, infinity, NaN
    } else if (magnitude >= 0x3880_0000) {
      // Adding half a unit, less one bit where the last kept bit is 0, rounds to nearest, ties to even.
      const rounded = magnitude + 0x0fff + ((magnitude >>> 13) & 1);
      result[i] = sign | ((rounded - 0x3800_0000) >>> 13); // bias 127 becomes 15
    } else {
      result[i] = sign | roundHalfEven(Math.abs(values[i]!) * 2 ** 24);
    }
  }
}
