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
    if (magnitude >= 0x4780_0000) {
      result[i] = toFloat16(values[i]!); // 65536 and more, infinity, NaN
      continue;
    }
    // Without a branch for subnormal numbers, which attention is full of.
    const exponent = magnitude >>> 23;
    const units = roundHalfEven(Math.abs(values[i]!) * unitsPerOne[exponent]!);
    result[i] = ((bits[i]! >>> 16) & 0x8000) | (halfOfExponent[exponent]! + units);
  }
}

/**
 * By a single-precision number's exponent: one over the last place of the half-precision number nearest to
 * it, and the half-precision bits to which its size in such units is added, hidden bit included. Below 2^−14
 * the last place is that of subnormal numbers.
 */
const unitsPerOne = Float64Array.from({ length: 143 }, (_, e) => 2 ** (24 - Math.max(0, e - 113)));
const halfOfExponent = Int32Array.from({ length: 143 }, (_, e) => Math.max(0, e - 113) << 10);
