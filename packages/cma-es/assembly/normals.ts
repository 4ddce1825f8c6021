// Standard normal numbers from Philox4x32-10 and the Box–Muller transform. The plain twin, with the same
// operations in the same order and so with the same bits, is src/normals/fill-normals-plain.ts.

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS: i32 = 10;

const TWO_26: f64 = 67108864;
const TWO_MINUS_53: f64 = 1.1102230246251565e-16;
const TWO_PI: f64 = 2 * Math.PI;

/** Natural logarithm on (0, 1], two at a time: exponent · ln 2 + 2 artanh((m − 1) / (m + 1)). */
function logarithm(x: v128): v128 {
  const high = i64x2.shr_u(x, 52);
  let exponent = i64x2.sub(high, i64x2.splat(1023));
  let mantissa = v128.or(
    v128.and(x, i64x2.splat(0x000f_ffff_ffff_ffff)),
    i64x2.splat(0x3ff0_0000_0000_0000),
  );
  const large = f64x2.gt(mantissa, f64x2.splat(Math.SQRT2));
  mantissa = v128.bitselect(f64x2.mul(mantissa, f64x2.splat(0.5)), mantissa, large);
  exponent = i64x2.sub(exponent, large); // the mask is −1 where it holds
  const low = i8x16.shuffle(exponent, exponent, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
  const e = f64x2.convert_low_i32x4_s(low);
  const f = f64x2.sub(mantissa, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const t = f64x2.mul(s, s);
  // 1 + t/3 + t²/5 + …; t < 0.0295, so the term after 1/21 is below 2^-53
  let series = f64x2.splat(1.0 / 21.0);
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 19.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 17.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 15.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 13.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 11.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 9.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 7.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 5.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1.0 / 3.0));
  series = f64x2.add(f64x2.mul(series, t), f64x2.splat(1));
  const twice = f64x2.mul(f64x2.splat(2), s);
  return f64x2.add(f64x2.mul(e, f64x2.splat(Math.LN2)), f64x2.mul(twice, series));
}

/** Sine of t in [−π/4, π/4]: its Taylor series to t^15. */
function sine(t: v128): v128 {
  const q = f64x2.mul(t, t);
  let series = f64x2.splat(-1.0 / 1307674368000.0);
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 6227020800.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 39916800.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 362880.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 5040.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 120.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 6.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1));
  return f64x2.mul(series, t);
}

/** Cosine of t in [−π/4, π/4]: its Taylor series to t^16. */
function cosine(t: v128): v128 {
  const q = f64x2.mul(t, t);
  let series = f64x2.splat(1.0 / 20922789888000.0);
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 87178291200.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 479001600.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 3628800.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 40320.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-1.0 / 720.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(1.0 / 24.0));
  series = f64x2.add(f64x2.mul(series, q), f64x2.splat(-0.5));
  return f64x2.add(f64x2.mul(series, q), f64x2.splat(1));
}

/** Uniform numbers in [0, 1) from the low two lanes of two lists of 32-bit words, as `Random.uniform`. */
function uniform(high: v128, low: v128): v128 {
  const upper = f64x2.mul(f64x2.convert_low_i32x4_u(i32x4.shr_u(high, 5)), f64x2.splat(TWO_26));
  const sum = f64x2.add(upper, f64x2.convert_low_i32x4_u(i32x4.shr_u(low, 6)));
  return f64x2.mul(sum, f64x2.splat(TWO_MINUS_53));
}

/** Four normal numbers from two blocks: the low two lanes of each word. */
function boxMuller(target: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
  const distance = f64x2.sub(f64x2.splat(1), uniform(c0, c1));
  const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), logarithm(distance)));
  const turn = uniform(c2, c3);
  const quarter = f64x2.floor(f64x2.add(f64x2.mul(turn, f64x2.splat(4)), f64x2.splat(0.5)));
  const rest = f64x2.sub(turn, f64x2.mul(quarter, f64x2.splat(0.25)));
  const angle = f64x2.mul(rest, f64x2.splat(TWO_PI));
  const s = sine(angle);
  const c = cosine(angle);
  const q = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(quarter));
  const odd = i64x2.sub(i64x2.splat(0), v128.and(q, i64x2.splat(1)));
  const two = i64x2.splat(2);
  const cosineSign = i64x2.shl(v128.and(i64x2.add(q, i64x2.splat(1)), two), 62);
  const sineSign = i64x2.shl(v128.and(q, two), 62);
  const x = f64x2.mul(radius, v128.xor(v128.bitselect(s, c, odd), cosineSign));
  const y = f64x2.mul(radius, v128.xor(v128.bitselect(c, s, odd), sineSign));
  v128.store(target, v128.shuffle<f64>(x, y, 0, 2));
  v128.store(target, v128.shuffle<f64>(x, y, 1, 3), 16);
}

/**
 * Writes standard normal numbers: those of the stream (stream0, stream1, stream2) under a key.
 *
 * @param target address of `count` doubles
 * @param count a multiple of 8
 */
export function fillNormals(
  target: usize,
  count: i32,
  key0: u32,
  key1: u32,
  stream0: u32,
  stream1: u32,
  stream2: u32,
): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  for (let block: u32 = 0; block < <u32>(count >> 1); block += 4) {
    let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
    let c1 = i32x4.splat(stream0);
    let c2 = i32x4.splat(stream1);
    let c3 = i32x4.splat(stream2);
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < ROUNDS; round++) {
      const a = i64x2.extmul_low_i32x4_u(c0, multiplier0);
      const b = i64x2.extmul_high_i32x4_u(c0, multiplier0);
      const c = i64x2.extmul_low_i32x4_u(c2, multiplier1);
      const d = i64x2.extmul_high_i32x4_u(c2, multiplier1);
      const high0 = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
      const high1 = v128.shuffle<i32>(c, d, 1, 3, 5, 7);
      c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(k0));
      c1 = v128.shuffle<i32>(c, d, 0, 2, 4, 6);
      c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(k1));
      c3 = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    boxMuller(target, c0, c1, c2, c3);
    boxMuller(
      target + 32,
      v128.shuffle<i64>(c0, c0, 1, 1),
      v128.shuffle<i64>(c1, c1, 1, 1),
      v128.shuffle<i64>(c2, c2, 1, 1),
      v128.shuffle<i64>(c3, c3, 1, 1),
    );
    target += 64;
  }
}
