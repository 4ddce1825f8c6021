// The attention of one new token, float32: a query for each head of a group over the rows of the head that they share. Rows
// come block by block, as many as stay in a processor's cache. Widths are multiples of 8.

/** Bytes of a number and of a vector. */
const size: usize = 4;
const vector: usize = 16;

/** sum + a b: in one instruction, rounded once, where the engine has relaxed SIMD; the build script compiles this twice. */
function plus(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** The sums of the lanes of four vectors. */

function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The sum of the products of two rows. */

function product(a: usize, b: usize, bytes: usize): f32 {
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += vector) {
    sum = plus(sum, v128.load(a + i), v128.load(b + i));
  }
  return f32x4.extract_lane(laneSums(sum, sum, sum, sum), 0);
}

/**
 * The scores of a block of keys.
 *
 * @param queries `[group, width]`
 * @param group how many
 * @param keys `[rows, width]`
 * @param rows of the block
 * @param width of a row
 * @param scale of the scores
 * @param out the score of the first key; those of the next query are `down` bytes on
 */
export function score(
  queries: usize,
  group: i32,
  keys: usize,
  rows: i32,
  width: i32,
  scale: f32,
  out: usize,
  down: i32,
): void {
  const bytes: usize = <usize>width * size;
  const factor = f32x4.splat(scale);
  for (let query: i32 = 0; query < group; query++) {
    let key = keys;
    let to = out;
    let row: i32 = 0;
    for (; row + 4 <= rows; row += 4) {
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      const second = key + bytes;
      const third = second + bytes;
      const fourth = third + bytes;
      for (let i: usize = 0; i < bytes; i += vector) {
        const own = v128.load(queries + i);
        a = plus(a, own, v128.load(key + i));
        b = plus(b, own, v128.load(second + i));
        c = plus(c, own, v128.load(third + i));
        d = plus(d, own, v128.load(fourth + i));
      }
      v128.store(to, f32x4.mul(laneSums(a, b, c, d), factor));
      key = fourth + bytes;
      to += vector;
    }
    for (; row < rows; row++) {
      f32.store(to, product(queries, key, bytes) * scale);
      key += bytes;
      to += size;
    }
    queries += bytes;
    out += <usize>down;
  }
}

/** e^x of numbers that are not above 0; 2^f on [−1/2, 1/2] by a minimax polynomial. */

function exponential(x: v128): v128 {
  const scaled = f32x4.mul(x, f32x4.splat(<f32>Math.LOG2E));
  // NaN stays NaN: max and the polynomial keep it.
  const bounded = f32x4.max(scaled, f32x4.splat(-126));
  const whole = f32x4.nearest(bounded);
  const f = f32x4.sub(bounded, whole);
  let p = f32x4.splat(0.001327647129073739);
  p = plus(f32x4.splat(0.009675540961325169), p, f);
  p = plus(f32x4.splat(0.05550713092088699), p, f);
  p = plus(f32x4.splat(0.24022120237350464), p, f);
  p = plus(f32x4.splat(0.6931469440460205), p, f);
  p = plus(f32x4.splat(1.0000001192092896), p, f);
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
  const result = f32x4.mul(p, power);
  return v128.andnot(result, f32x4.lt(scaled, f32x4.splat(-126)));
}

/**
 * Scores become probabilities, in place.
 *
 * @param scores `[group, slots]`; those of the next query are `down` bytes on, and up to a multiple of 4 may be written
 * @param group how many queries
 * @param slots of a query
 * @param down bytes from one query to the next, a multiple of 16
 */
export function softmax(scores: usize, group: i32, slots: i32, down: i32): void {
  const end: usize = <usize>slots * size;
  for (let query: i32 = 0; query < group; query++) {
    // What fills the last vector has no weight.
    for (let i: usize = end; i % vector !== 0; i += size) f32.store(scores + i, -Infinity);
    let most = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < end; i += vector) most = f32x4.max(most, v128.load(scores + i));
    const largest = f32x4.splat(
      max<f32>(
        max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
        max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
      ),
    );
    let total = f32x4.splat(0);
    for (let i: usize = 0; i < end; i += vector) {
      const power = exponential(f32x4.sub(v128.load(scores + i), largest));
      v128.store(scores + i, power);
      total = f32x4.add(total, power);
    }
    const sum = f32x4.extract_lane(laneSums(total, total, total, total), 0);
    const share = f32x4.splat(<f32>1 / sum);
    for (let i: usize = 0; i < end; i += vector) {
      v128.store(scores + i, f32x4.mul(v128.load(scores + i), share));
    }
    scores += <usize>down;
  }
}

/**
 * Adds what a block of values gives.
 *
 * @param probabilities that of the first value; those of the next query are `down` bytes on
 * @param down bytes
 * @param group how many queries
 * @param values `[rows, width]`
 * @param rows of the block
 * @param width of a row
 * @param out `[group, width]`
 */
export function mix(
  probabilities: usize,
  down: i32,
  group: i32,
  values: usize,
  rows: i32,
  width: i32,
  out: usize,
): void {
  const bytes: usize = <usize>width * size;
  const end: usize = <usize>rows * size;
  for (let query: i32 = 0; query < group; query++) {
    let i: usize = 0;
    for (; i + 4 * vector <= bytes; i += 4 * vector) {
      let a = v128.load(out + i);
      let b = v128.load(out + i, 16);
      let c = v128.load(out + i, 32);
      let d = v128.load(out + i, 48);
      let value = values + i;
      for (let row: usize = 0; row < end; row += size) {
        const share = v128.load32_splat(probabilities + row);
        a = plus(a, share, v128.load(value));
        b = plus(b, share, v128.load(value, 16));
        c = plus(c, share, v128.load(value, 32));
        d = plus(d, share, v128.load(value, 48));
        value += bytes;
      }
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
      v128.store(out + i, c, 32);
      v128.store(out + i, d, 48);
    }
    for (; i < bytes; i += vector) {
      let a = v128.load(out + i);
      let value = values + i;
      for (let row: usize = 0; row < end; row += size) {
        a = plus(a, v128.load32_splat(probabilities + row), v128.load(value));
        value += bytes;
      }
      v128.store(out + i, a);
    }
    probabilities += <usize>down;
    out += bytes;
  }
}
