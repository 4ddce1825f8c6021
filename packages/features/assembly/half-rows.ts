// Rows of non-negative numbers below 65520 in half precision: what a spectrogram keeps. Four at a time, without
// branches; the same bits as src/stored-row.ts and `writeFloat16` of @namm/core give.

/** Exponents of half precision count from 15, those of single precision from 127. */
const biasBits: i32 = 0x3800_0000;
/** Smallest normal number of half precision, 2^-14. */
const smallestNormal: i32 = 0x3880_0000;
/** 1/2, whose last bit stands for 2^-24, as that of the subnormal numbers of half precision does. */
const halfBits: i32 = 0x3f00_0000;

/** Four numbers of half precision, each in the low bits of a lane, in single precision. */
function widen(halves: v128): v128 {
  const shifted = i32x4.shl(halves, 13);
  const normal = i32x4.add(shifted, i32x4.splat(biasBits));
  // 2^-14 + fraction · 2^-24, less 2^-14.
  const smallest = i32x4.splat(smallestNormal);
  const subnormal = f32x4.sub(i32x4.add(shifted, smallest), smallest);
  return v128.bitselect(subnormal, normal, i32x4.lt_s(halves, i32x4.splat(0x400)));
}

/** Four numbers rounded to half precision, ties to even, each in the low bits of a lane. */
function narrow(numbers: v128): v128 {
  // Half a unit more, less one bit where the last kept bit is 0.
  const last = v128.and(i32x4.shr_u(numbers, 13), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(numbers, i32x4.splat(0x0fff - biasBits)), last);
  const normal = i32x4.shr_u(rounded, 13);
  const half = i32x4.splat(halfBits);
  const subnormal = i32x4.sub(f32x4.add(numbers, half), half);
  return v128.bitselect(subnormal, normal, i32x4.lt_s(numbers, i32x4.splat(smallestNormal)));
}

function store(address: usize, halves: v128): void {
  v128.store64_lane(address, i16x8.narrow_i32x4_u(halves, halves), 0);
}

/**
 * Rounds numbers to half precision.
 *
 * @param values `[count]`
 * @param result `[count]`, with room up to the next multiple of 4
 */
export function round(values: usize, count: i32, result: usize): void {
  for (let i: usize = 0; i < <usize>count; i += 4) {
    store(result + (i << 1), narrow(v128.load(values + (i << 2))));
  }
}

/**
 * average ← weight · average + spectrum, computed in double precision, rounded to single and then to half
 * precision.
 *
 * @param average `[bins, oldSlots]` in half precision; tokens beyond have 0
 * @param spectrum `[bins, slots]` in single precision
 * @param result `[bins, slots]` in half precision, with room for 3 more
 * @param limit numbers of the spectrum are to be from 0 to this
 * @returns 1 when they are, else 0
 */
export function fold(
  average: usize,
  oldSlots: i32,
  spectrum: usize,
  slots: i32,
  bins: i32,
  weight: f64,
  result: usize,
  limit: f32,
): i32 {
  const weights = f64x2.splat(weight);
  const zero = f32x4.splat(0);
  const limits = f32x4.splat(limit);
  const lanes = i32x4(0, 1, 2, 3);
  for (let bin = 0; bin < bins; bin++) {
    let isIn = i32x4.splat(-1);
    for (let slot = 0; slot < slots; slot += 4) {
      const more = v128.load(spectrum + (slot << 2));
      // What was not born has 0, and what is beyond the row belongs to the next one, which is written later.
      const born = i32x4.lt_s(lanes, i32x4.splat(oldSlots - slot));
      const halves = v128.and(v128.load_ext<u16>(average + (slot << 1)), born);
      const old = widen(halves);
      const low = f64x2.add(
        f64x2.mul(weights, f64x2.promote_low_f32x4(old)),
        f64x2.promote_low_f32x4(more),
      );
      const high = f64x2.add(
        f64x2.mul(weights, f64x2.promote_low_f32x4(v128.shuffle<i64>(old, old, 1, 1))),
        f64x2.promote_low_f32x4(v128.shuffle<i64>(more, more, 1, 1)),
      );
      const sum = v128.shuffle<i64>(
        f32x4.demote_f64x2_zero(low),
        f32x4.demote_f64x2_zero(high),
        0,
        2,
      );
      store(result + (slot << 1), narrow(sum));
      const inside = v128.and(f32x4.ge(more, zero), f32x4.le(more, limits));
      const exists = i32x4.lt_s(lanes, i32x4.splat(slots - slot));
      isIn = v128.and(isIn, v128.or(inside, v128.not(exists)));
    }
    if (!i32x4.all_true(isIn)) return 0;
    average += oldSlots << 1;
    spectrum += slots << 2;
    result += slots << 1;
  }
  return 1;
}
