// What the layers of a small model compute for a few rows, float32. Rows lie one after the other; sizes are multiples
// of 8. Matrices are cut into panels of 8 outputs, `[outputs / 8, inputs, 8]`, so that they are read from front to back.

/** Bytes of a number, of a vector and of a row of a panel. */
const size: usize = 4;
const vector: usize = 16;
const panelRow: usize = 32;

/** What becomes of a product. */
const rectify: i32 = 1;
const add: i32 = 2;

/** Puts a sum of 4 outputs where it belongs. */

function put(out: usize, sum: v128, how: i32): void {
  let result = sum;
  if (how === rectify) result = f32x4.max(sum, f32x4.splat(0));
  if (how === add) result = f32x4.add(sum, v128.load(out));
  v128.store(out, result);
}

/** A panel for three rows: six sums stay in registers while its rows pass by. */

function threeRows(
  x: usize,
  down: usize,
  panel: usize,
  end: usize,
  bias: usize,
  out: usize,
  outDown: usize,
  how: i32,
): void {
  let a0 = v128.load(bias);
  let a1 = v128.load(bias, 16);
  let b0 = a0;
  let b1 = a1;
  let c0 = a0;
  let c1 = a1;
  let xb = x + down;
  let xc = xb + down;
  for (let w = panel; w < end; w += panelRow) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    let factor = v128.load32_splat(x);
    a0 = f32x4.add(a0, f32x4.mul(factor, w0));
    a1 = f32x4.add(a1, f32x4.mul(factor, w1));
    factor = v128.load32_splat(xb);
    b0 = f32x4.add(b0, f32x4.mul(factor, w0));
    b1 = f32x4.add(b1, f32x4.mul(factor, w1));
    factor = v128.load32_splat(xc);
    c0 = f32x4.add(c0, f32x4.mul(factor, w0));
    c1 = f32x4.add(c1, f32x4.mul(factor, w1));
    x += size;
    xb += size;
    xc += size;
  }
  put(out, a0, how);
  put(out + vector, a1, how);
  out += outDown;
  put(out, b0, how);
  put(out + vector, b1, how);
  out += outDown;
  put(out, c0, how);
  put(out + vector, c1, how);
}

/** A panel for one row: sums of inputs that follow each other are apart, as each addition waits for the last. */

function oneRow(x: usize, panel: usize, end: usize, bias: usize, out: usize, how: i32): void {
  let a0 = v128.load(bias);
  let a1 = v128.load(bias, 16);
  let b0 = f32x4.splat(0);
  let b1 = b0;
  for (let w = panel; w < end; w += 2 * panelRow) {
    let factor = v128.load32_splat(x);
    a0 = f32x4.add(a0, f32x4.mul(factor, v128.load(w)));
    a1 = f32x4.add(a1, f32x4.mul(factor, v128.load(w, 16)));
    factor = v128.load32_splat(x, 4);
    b0 = f32x4.add(b0, f32x4.mul(factor, v128.load(w, 32)));
    b1 = f32x4.add(b1, f32x4.mul(factor, v128.load(w, 48)));
    x += 2 * size;
  }
  put(out, f32x4.add(a0, b0), how);
  put(out + vector, f32x4.add(a1, b1), how);
}

/**
 * out = x W + b; of what is below 0, nothing, where `how` is 1; added to what is there where it is 2.
 *
 * @param x `[rows, inputs]`
 * @param panels of W
 * @param bias `[outputs]`
 * @param out `[rows, outputs]`
 */
export function multiply(
  x: usize,
  rows: i32,
  inputs: i32,
  panels: usize,
  bias: usize,
  outputs: i32,
  out: usize,
  how: i32,
): void {
  const down: usize = <usize>inputs * size;
  const outDown: usize = <usize>outputs * size;
  const panelBytes: usize = <usize>inputs * panelRow;
  const last: usize = panels + (<usize>outputs / 8) * panelBytes;
  for (let panel = panels; panel < last; panel += panelBytes) {
    const end = panel + panelBytes;
    let row: i32 = 0;
    let from = x;
    let to = out;
    for (; row + 3 <= rows; row += 3) {
      threeRows(from, down, panel, end, bias, to, outDown, how);
      from += 3 * down;
      to += 3 * outDown;
    }
    for (; row < rows; row++) {
      oneRow(from, panel, end, bias, to, how);
      from += down;
      to += outDown;
    }
    bias += panelRow;
    out += panelRow;
  }
}

/** The four lanes together. */

function lanes(sum: v128): f32 {
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}

/** Layer norm of each row `[width]`. */
export function normalise(
  x: usize,
  rows: i32,
  width: i32,
  weight: usize,
  bias: usize,
  epsilon: f32,
  out: usize,
): void {
  const bytes: usize = <usize>width * size;
  for (let row: i32 = 0; row < rows; row++) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += vector) sum = f32x4.add(sum, v128.load(x + i));
    const mean = f32x4.splat(lanes(sum) / <f32>width);
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += vector) {
      const away = f32x4.sub(v128.load(x + i), mean);
      squares = f32x4.add(squares, f32x4.mul(away, away));
    }
    const scale = f32x4.splat(<f32>1 / sqrt<f32>(lanes(squares) / <f32>width + epsilon));
    for (let i: usize = 0; i < bytes; i += vector) {
      const scaled = f32x4.mul(f32x4.sub(v128.load(x + i), mean), scale);
      const weighted = f32x4.mul(scaled, v128.load(weight + i));
      v128.store(out + i, f32x4.add(weighted, v128.load(bias + i)));
    }
    x += bytes;
    out += bytes;
  }
}

/** 2^f on [−1/2, 1/2]: minimax polynomial, the constant first. */

function exponential(x: f32): f32 {
  const scaled: f32 = x * <f32>Math.LOG2E;
  if (!(scaled >= -126)) return scaled < -126 ? 0 : scaled; // NaN has no whole part
  const whole: f32 = nearest<f32>(scaled);
  const f: f32 = scaled - whole;
  let p: f32 = 0.001327647129073739;
  p = p * f + 0.009675540961325169;
  p = p * f + 0.05550713092088699;
  p = p * f + 0.24022120237350464;
  p = p * f + 0.6931469440460205;
  p = p * f + 1.0000001192092896;
  return p * reinterpret<f32>((<i32>whole + 127) << 23);
}

/**
 * Attention of one head. The new rows are the last of all; each sees those up to itself.
 *
 * @param queries the first of them; the next are `down` bytes apart
 * @param count of queries
 * @param keys `[slots, width]`
 * @param values `[slots, width]`
 * @param slots past and new
 * @param scale of the scores
 * @param probabilities gets `[count, slots]`
 * @param out the first row; the next are `outDown` bytes apart
 */
export function attend(
  queries: usize,
  down: i32,
  count: i32,
  keys: usize,
  values: usize,
  slots: i32,
  width: i32,
  scale: f32,
  probabilities: usize,
  out: usize,
  outDown: i32,
): void {
  const bytes: usize = <usize>width * size;
  for (let query: i32 = 0; query < count; query++) {
    const seen: i32 = slots - count + query + 1;
    let largest: f32 = -Infinity;
    let key = keys;
    for (let slot: i32 = 0; slot < seen; slot++) {
      let a = f32x4.splat(0);
      let b = a;
      for (let i: usize = 0; i < bytes; i += 2 * vector) {
        a = f32x4.add(a, f32x4.mul(v128.load(queries + i), v128.load(key + i)));
        b = f32x4.add(b, f32x4.mul(v128.load(queries + i, 16), v128.load(key + i, 16)));
      }
      const score = lanes(f32x4.add(a, b)) * scale;
      f32.store(probabilities + <usize>slot * size, score);
      largest = max<f32>(largest, score); // NaN stays, unlike in a comparison
      key += bytes;
    }
    let total: f32 = 0;
    for (let slot: i32 = 0; slot < seen; slot++) {
      const at = probabilities + <usize>slot * size;
      const power = exponential(f32.load(at) - largest);
      f32.store(at, power);
      total += power;
    }
    const share: f32 = <f32>1 / total;
    for (let slot: i32 = 0; slot < slots; slot++) {
      const at = probabilities + <usize>slot * size;
      f32.store(at, slot < seen ? f32.load(at) * share : 0);
    }
    for (let i: usize = 0; i < bytes; i += 2 * vector) {
      let a = f32x4.splat(0);
      let b = a;
      let value = values + i;
      for (let slot: i32 = 0; slot < seen; slot++) {
        const factor = v128.load32_splat(probabilities + <usize>slot * size);
        a = f32x4.add(a, f32x4.mul(factor, v128.load(value)));
        b = f32x4.add(b, f32x4.mul(factor, v128.load(value, 16)));
        value += bytes;
      }
      v128.store(out + i, a);
      v128.store(out + i, b, 16);
    }
    queries += <usize>down;
    out += <usize>outDown;
    probabilities += <usize>slots * size;
  }
}
