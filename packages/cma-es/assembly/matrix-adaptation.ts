// Products of a large matrix with the few vectors of a generation, in single and in double precision.
//
// They take six rows and two vectors of columns at a time, which fills the registers, and read panels that are
// packed in that order (src/models/panels.ts, whose test has the plain sums). Each factor has a
// name of its own: engines keep such values in registers, and store a variable that is assigned again.

/**
 * result = matrix · panel.
 *
 * The panel is packed in blocks of 32 bytes of columns: block, row, column within the block. So is the result,
 * with six rows beside each other: row group, block, row, column within the block.
 */
function multiplyPanel<T>(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  columns: i32,
  blocks: i32,
): void {
  const rowBytes = <usize>columns * sizeof<T>();
  let to = result;
  for (let row = 0; row < rows; row += 6) {
    const first = matrix + <usize>row * rowBytes;
    let from = panel;
    for (let block = 0; block < blocks; block++) {
      let a0 = v128.splat<T>(0);
      let a1 = v128.splat<T>(0);
      let a2 = v128.splat<T>(0);
      let a3 = v128.splat<T>(0);
      let a4 = v128.splat<T>(0);
      let a5 = v128.splat<T>(0);
      let b0 = v128.splat<T>(0);
      let b1 = v128.splat<T>(0);
      let b2 = v128.splat<T>(0);
      let b3 = v128.splat<T>(0);
      let b4 = v128.splat<T>(0);
      let b5 = v128.splat<T>(0);
      let at0 = first;
      let at1 = first + rowBytes;
      let at2 = first + 2 * rowBytes;
      let at3 = first + 3 * rowBytes;
      let at4 = first + 4 * rowBytes;
      let at5 = first + 5 * rowBytes;
      for (let k = 0; k < columns; k += 4) {
        const x0 = v128.load(from);
        const y0 = v128.load(from, 16);
        const f00 = v128.load_splat<T>(at0);
        a0 = v128.add<T>(a0, v128.mul<T>(f00, x0));
        b0 = v128.add<T>(b0, v128.mul<T>(f00, y0));
        const f01 = v128.load_splat<T>(at1);
        a1 = v128.add<T>(a1, v128.mul<T>(f01, x0));
        b1 = v128.add<T>(b1, v128.mul<T>(f01, y0));
        const f02 = v128.load_splat<T>(at2);
        a2 = v128.add<T>(a2, v128.mul<T>(f02, x0));
        b2 = v128.add<T>(b2, v128.mul<T>(f02, y0));
        const f03 = v128.load_splat<T>(at3);
        a3 = v128.add<T>(a3, v128.mul<T>(f03, x0));
        b3 = v128.add<T>(b3, v128.mul<T>(f03, y0));
        const f04 = v128.load_splat<T>(at4);
        a4 = v128.add<T>(a4, v128.mul<T>(f04, x0));
        b4 = v128.add<T>(b4, v128.mul<T>(f04, y0));
        const f05 = v128.load_splat<T>(at5);
        a5 = v128.add<T>(a5, v128.mul<T>(f05, x0));
        b5 = v128.add<T>(b5, v128.mul<T>(f05, y0));
        const x1 = v128.load(from, 32);
        const y1 = v128.load(from, 48);
        const f10 = v128.load_splat<T>(at0, sizeof<T>());
        a0 = v128.add<T>(a0, v128.mul<T>(f10, x1));
        b0 = v128.add<T>(b0, v128.mul<T>(f10, y1));
        const f11 = v128.load_splat<T>(at1, sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f11, x1));
        b1 = v128.add<T>(b1, v128.mul<T>(f11, y1));
        const f12 = v128.load_splat<T>(at2, sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f12, x1));
        b2 = v128.add<T>(b2, v128.mul<T>(f12, y1));
        const f13 = v128.load_splat<T>(at3, sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f13, x1));
        b3 = v128.add<T>(b3, v128.mul<T>(f13, y1));
        const f14 = v128.load_splat<T>(at4, sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f14, x1));
        b4 = v128.add<T>(b4, v128.mul<T>(f14, y1));
        const f15 = v128.load_splat<T>(at5, sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f15, x1));
        b5 = v128.add<T>(b5, v128.mul<T>(f15, y1));
        const x2 = v128.load(from, 64);
        const y2 = v128.load(from, 80);
        const f20 = v128.load_splat<T>(at0, 2 * sizeof<T>());
        a0 = v128.add<T>(a0, v128.mul<T>(f20, x2));
        b0 = v128.add<T>(b0, v128.mul<T>(f20, y2));
        const f21 = v128.load_splat<T>(at1, 2 * sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f21, x2));
        b1 = v128.add<T>(b1, v128.mul<T>(f21, y2));
        const f22 = v128.load_splat<T>(at2, 2 * sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f22, x2));
        b2 = v128.add<T>(b2, v128.mul<T>(f22, y2));
        const f23 = v128.load_splat<T>(at3, 2 * sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f23, x2));
        b3 = v128.add<T>(b3, v128.mul<T>(f23, y2));
        const f24 = v128.load_splat<T>(at4, 2 * sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f24, x2));
        b4 = v128.add<T>(b4, v128.mul<T>(f24, y2));
        const f25 = v128.load_splat<T>(at5, 2 * sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f25, x2));
        b5 = v128.add<T>(b5, v128.mul<T>(f25, y2));
        const x3 = v128.load(from, 96);
        const y3 = v128.load(from, 112);
        const f30 = v128.load_splat<T>(at0, 3 * sizeof<T>());
        a0 = v128.add<T>(a0, v128.mul<T>(f30, x3));
        b0 = v128.add<T>(b0, v128.mul<T>(f30, y3));
        const f31 = v128.load_splat<T>(at1, 3 * sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f31, x3));
        b1 = v128.add<T>(b1, v128.mul<T>(f31, y3));
        const f32 = v128.load_splat<T>(at2, 3 * sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f32, x3));
        b2 = v128.add<T>(b2, v128.mul<T>(f32, y3));
        const f33 = v128.load_splat<T>(at3, 3 * sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f33, x3));
        b3 = v128.add<T>(b3, v128.mul<T>(f33, y3));
        const f34 = v128.load_splat<T>(at4, 3 * sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f34, x3));
        b4 = v128.add<T>(b4, v128.mul<T>(f34, y3));
        const f35 = v128.load_splat<T>(at5, 3 * sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f35, x3));
        b5 = v128.add<T>(b5, v128.mul<T>(f35, y3));
        from += 128;
        at0 += 4 * sizeof<T>();
        at1 += 4 * sizeof<T>();
        at2 += 4 * sizeof<T>();
        at3 += 4 * sizeof<T>();
        at4 += 4 * sizeof<T>();
        at5 += 4 * sizeof<T>();
      }
      v128.store(to, a0);
      v128.store(to, b0, 16);
      v128.store(to, a1, 32);
      v128.store(to, b1, 48);
      v128.store(to, a2, 64);
      v128.store(to, b2, 80);
      v128.store(to, a3, 96);
      v128.store(to, b3, 112);
      v128.store(to, a4, 128);
      v128.store(to, b4, 144);
      v128.store(to, a5, 160);
      v128.store(to, b5, 176);
      to += 192;
    }
  }
}

/**
 * matrix += left · right.
 *
 * `left` is packed in groups of six rows: group, rank, row within the group. `right` is packed in blocks of 32
 * bytes of columns: block, rank, column within the block.
 */
function addProduct<T>(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  columns: i32,
  ranks: i32,
): void {
  const rowBytes = <usize>columns * sizeof<T>();
  const groupBytes = <usize>(6 * ranks) * sizeof<T>();
  for (let row = 0; row < rows; row += 6) {
    const group = left + <usize>(row / 6) * groupBytes;
    let from = right;
    for (let offset: usize = 0; offset < rowBytes; offset += 32) {
      const at0 = matrix + <usize>row * rowBytes + offset;
      const at1 = at0 + rowBytes;
      const at2 = at0 + 2 * rowBytes;
      const at3 = at0 + 3 * rowBytes;
      const at4 = at0 + 4 * rowBytes;
      const at5 = at0 + 5 * rowBytes;
      let a0 = v128.load(at0);
      let a1 = v128.load(at1);
      let a2 = v128.load(at2);
      let a3 = v128.load(at3);
      let a4 = v128.load(at4);
      let a5 = v128.load(at5);
      let b0 = v128.load(at0, 16);
      let b1 = v128.load(at1, 16);
      let b2 = v128.load(at2, 16);
      let b3 = v128.load(at3, 16);
      let b4 = v128.load(at4, 16);
      let b5 = v128.load(at5, 16);
      let scale = group;
      for (let rank = 0; rank < ranks; rank += 3) {
        const x0 = v128.load(from);
        const y0 = v128.load(from, 16);
        const f00 = v128.load_splat<T>(scale);
        a0 = v128.add<T>(a0, v128.mul<T>(f00, x0));
        b0 = v128.add<T>(b0, v128.mul<T>(f00, y0));
        const f01 = v128.load_splat<T>(scale, sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f01, x0));
        b1 = v128.add<T>(b1, v128.mul<T>(f01, y0));
        const f02 = v128.load_splat<T>(scale, 2 * sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f02, x0));
        b2 = v128.add<T>(b2, v128.mul<T>(f02, y0));
        const f03 = v128.load_splat<T>(scale, 3 * sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f03, x0));
        b3 = v128.add<T>(b3, v128.mul<T>(f03, y0));
        const f04 = v128.load_splat<T>(scale, 4 * sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f04, x0));
        b4 = v128.add<T>(b4, v128.mul<T>(f04, y0));
        const f05 = v128.load_splat<T>(scale, 5 * sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f05, x0));
        b5 = v128.add<T>(b5, v128.mul<T>(f05, y0));
        const x1 = v128.load(from, 32);
        const y1 = v128.load(from, 48);
        const f10 = v128.load_splat<T>(scale, 6 * sizeof<T>());
        a0 = v128.add<T>(a0, v128.mul<T>(f10, x1));
        b0 = v128.add<T>(b0, v128.mul<T>(f10, y1));
        const f11 = v128.load_splat<T>(scale, 7 * sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f11, x1));
        b1 = v128.add<T>(b1, v128.mul<T>(f11, y1));
        const f12 = v128.load_splat<T>(scale, 8 * sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f12, x1));
        b2 = v128.add<T>(b2, v128.mul<T>(f12, y1));
        const f13 = v128.load_splat<T>(scale, 9 * sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f13, x1));
        b3 = v128.add<T>(b3, v128.mul<T>(f13, y1));
        const f14 = v128.load_splat<T>(scale, 10 * sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f14, x1));
        b4 = v128.add<T>(b4, v128.mul<T>(f14, y1));
        const f15 = v128.load_splat<T>(scale, 11 * sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f15, x1));
        b5 = v128.add<T>(b5, v128.mul<T>(f15, y1));
        const x2 = v128.load(from, 64);
        const y2 = v128.load(from, 80);
        const f20 = v128.load_splat<T>(scale, 12 * sizeof<T>());
        a0 = v128.add<T>(a0, v128.mul<T>(f20, x2));
        b0 = v128.add<T>(b0, v128.mul<T>(f20, y2));
        const f21 = v128.load_splat<T>(scale, 13 * sizeof<T>());
        a1 = v128.add<T>(a1, v128.mul<T>(f21, x2));
        b1 = v128.add<T>(b1, v128.mul<T>(f21, y2));
        const f22 = v128.load_splat<T>(scale, 14 * sizeof<T>());
        a2 = v128.add<T>(a2, v128.mul<T>(f22, x2));
        b2 = v128.add<T>(b2, v128.mul<T>(f22, y2));
        const f23 = v128.load_splat<T>(scale, 15 * sizeof<T>());
        a3 = v128.add<T>(a3, v128.mul<T>(f23, x2));
        b3 = v128.add<T>(b3, v128.mul<T>(f23, y2));
        const f24 = v128.load_splat<T>(scale, 16 * sizeof<T>());
        a4 = v128.add<T>(a4, v128.mul<T>(f24, x2));
        b4 = v128.add<T>(b4, v128.mul<T>(f24, y2));
        const f25 = v128.load_splat<T>(scale, 17 * sizeof<T>());
        a5 = v128.add<T>(a5, v128.mul<T>(f25, x2));
        b5 = v128.add<T>(b5, v128.mul<T>(f25, y2));
        from += 96;
        scale += 18 * sizeof<T>();
      }
      v128.store(at0, a0);
      v128.store(at0, b0, 16);
      v128.store(at1, a1);
      v128.store(at1, b1, 16);
      v128.store(at2, a2);
      v128.store(at2, b2, 16);
      v128.store(at3, a3);
      v128.store(at3, b3, 16);
      v128.store(at4, a4);
      v128.store(at4, b4, 16);
      v128.store(at5, a5);
      v128.store(at5, b5, 16);
    }
  }
}

/** result[i] = Σ_j matrix[i, j]². */
function squareRows<T>(matrix: usize, result: usize, rows: i32, columns: i32): void {
  let at = matrix;
  for (let row = 0; row < rows; row++) {
    let a = v128.splat<T>(0);
    let b = v128.splat<T>(0);
    const end = at + <usize>columns * sizeof<T>();
    while (at < end) {
      const x = v128.load(at);
      const y = v128.load(at, 16);
      a = v128.add<T>(a, v128.mul<T>(x, x));
      b = v128.add<T>(b, v128.mul<T>(y, y));
      at += 32;
    }
    a = v128.add<T>(a, b);
    let sum = v128.extract_lane<T>(a, 0) + v128.extract_lane<T>(a, 1);
    if (sizeof<T>() === 4) sum += v128.extract_lane<T>(a, 2) + v128.extract_lane<T>(a, 3);
    store<T>(result + <usize>row * sizeof<T>(), sum);
  }
}

/**
 * result = matrix · panel in single precision.
 *
 * @param rows a multiple of 6
 * @param columns of the matrix and rows of the panel, a multiple of 8
 * @param blocks of eight columns in panel and result
 */
export function multiplySingle(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  columns: i32,
  blocks: i32,
): void {
  multiplyPanel<f32>(matrix, panel, result, rows, columns, blocks);
}

/** result = matrix · panel in double precision; a block has four columns. */
export function multiplyDouble(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  columns: i32,
  blocks: i32,
): void {
  multiplyPanel<f64>(matrix, panel, result, rows, columns, blocks);
}

/**
 * matrix += left · right in single precision.
 *
 * @param rows a multiple of 6
 * @param columns a multiple of 8
 * @param ranks columns of left and rows of right, a multiple of 3
 */
export function addProductSingle(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  columns: i32,
  ranks: i32,
): void {
  addProduct<f32>(matrix, left, right, rows, columns, ranks);
}

/** matrix += left · right in double precision; a block has four columns. */
export function addProductDouble(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  columns: i32,
  ranks: i32,
): void {
  addProduct<f64>(matrix, left, right, rows, columns, ranks);
}

/** result[i] = Σ_j matrix[i, j]² in single precision; columns are a multiple of 8. */
export function squareRowsSingle(matrix: usize, result: usize, rows: i32, columns: i32): void {
  squareRows<f32>(matrix, result, rows, columns);
}

/** result[i] = Σ_j matrix[i, j]² in double precision. */
export function squareRowsDouble(matrix: usize, result: usize, rows: i32, columns: i32): void {
  squareRows<f64>(matrix, result, rows, columns);
}
