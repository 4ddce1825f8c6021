// All products of columns with each other, in double precision: what the normal equations of a regression sum.
// Four columns by two at a time, so that eight sums of two lanes and what they are made of stay in registers.

/** Bytes of a number. */
const size: usize = 8;

/** sums[at] += both lanes of `pair`. */
function addLanes(sums: usize, pair: v128): void {
  const sum = f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
  f64.store(sums, f64.load(sums) + sum);
}

/**
 * sums[i, j] += Σ columns[i] · columns[j] for j from i on; below the diagonal some sums are written, too.
 *
 * @param columns `[width, count]`
 * @param width a multiple of 4
 * @param count a multiple of 2
 * @param sums `[width, width]`
 */
export function addProducts(columns: usize, width: i32, count: i32, sums: usize): void {
  const column: usize = <usize>count * size;
  const row: usize = <usize>width * size;
  for (let i: i32 = 0; i < width; i += 4) {
    const first = columns + <usize>i * column;
    for (let j: i32 = i; j < width; j += 2) {
      let a: usize = first;
      let b: usize = columns + <usize>j * column;
      const end: usize = b + column;
      let s00 = f64x2.splat(0);
      let s01 = f64x2.splat(0);
      let s10 = f64x2.splat(0);
      let s11 = f64x2.splat(0);
      let s20 = f64x2.splat(0);
      let s21 = f64x2.splat(0);
      let s30 = f64x2.splat(0);
      let s31 = f64x2.splat(0);
      while (b < end) {
        const b0 = v128.load(b);
        const b1 = v128.load(b + column);
        let left = v128.load(a);
        s00 = f64x2.add(s00, f64x2.mul(left, b0));
        s01 = f64x2.add(s01, f64x2.mul(left, b1));
        left = v128.load(a + column);
        s10 = f64x2.add(s10, f64x2.mul(left, b0));
        s11 = f64x2.add(s11, f64x2.mul(left, b1));
        left = v128.load(a + 2 * column);
        s20 = f64x2.add(s20, f64x2.mul(left, b0));
        s21 = f64x2.add(s21, f64x2.mul(left, b1));
        left = v128.load(a + 3 * column);
        s30 = f64x2.add(s30, f64x2.mul(left, b0));
        s31 = f64x2.add(s31, f64x2.mul(left, b1));
        a += 16;
        b += 16;
      }
      let at: usize = sums + <usize>i * row + <usize>j * size;
      addLanes(at, s00);
      addLanes(at + size, s01);
      at += row;
      addLanes(at, s10);
      addLanes(at + size, s11);
      at += row;
      addLanes(at, s20);
      addLanes(at + size, s21);
      at += row;
      addLanes(at, s30);
      addLanes(at + size, s31);
    }
  }
}
