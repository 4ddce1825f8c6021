// Products of a large matrix with the few vectors of a generation, in single and in double precision.
// Rows are `stride` numbers apart. The plain twins are in src/models/matrix-products-plain.ts.

/** Lanes of a vector. */
function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** result[i, :] = Σ_k matrix[i, k] panel[k, :], six rows and two vectors of columns at a time. */
function multiplyPanel<T>(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  count: i32,
  stride: usize,
  width: i32,
): void {
  const rowBytes = stride * sizeof<T>();
  const panelBytes = <usize>width * sizeof<T>();
  for (let row = 0; row < rows; row += 6) {
    const first = matrix + <usize>row * rowBytes;
    for (let column = 0; column < width; column += 2 * lanes<T>()) {
      let a0 = v128.splat<T>(0);
      let b0 = v128.splat<T>(0);
      let a1 = v128.splat<T>(0);
      let b1 = v128.splat<T>(0);
      let a2 = v128.splat<T>(0);
      let b2 = v128.splat<T>(0);
      let a3 = v128.splat<T>(0);
      let b3 = v128.splat<T>(0);
      let a4 = v128.splat<T>(0);
      let b4 = v128.splat<T>(0);
      let a5 = v128.splat<T>(0);
      let b5 = v128.splat<T>(0);
      let from = panel + <usize>column * sizeof<T>();
      let at = first;
      let at3 = first + 3 * rowBytes;
      for (let k = 0; k < count; k++) {
        const x = v128.load(from);
        const y = v128.load(from, 16);
        let factor = v128.load_splat<T>(at);
        a0 = v128.add<T>(a0, v128.mul<T>(factor, x));
        b0 = v128.add<T>(b0, v128.mul<T>(factor, y));
        factor = v128.load_splat<T>(at + rowBytes);
        a1 = v128.add<T>(a1, v128.mul<T>(factor, x));
        b1 = v128.add<T>(b1, v128.mul<T>(factor, y));
        factor = v128.load_splat<T>(at + 2 * rowBytes);
        a2 = v128.add<T>(a2, v128.mul<T>(factor, x));
        b2 = v128.add<T>(b2, v128.mul<T>(factor, y));
        factor = v128.load_splat<T>(at3);
        a3 = v128.add<T>(a3, v128.mul<T>(factor, x));
        b3 = v128.add<T>(b3, v128.mul<T>(factor, y));
        factor = v128.load_splat<T>(at3 + rowBytes);
        a4 = v128.add<T>(a4, v128.mul<T>(factor, x));
        b4 = v128.add<T>(b4, v128.mul<T>(factor, y));
        factor = v128.load_splat<T>(at3 + 2 * rowBytes);
        a5 = v128.add<T>(a5, v128.mul<T>(factor, x));
        b5 = v128.add<T>(b5, v128.mul<T>(factor, y));
        from += panelBytes;
        at += sizeof<T>();
        at3 += sizeof<T>();
      }
      let to = result + <usize>row * panelBytes + <usize>column * sizeof<T>();
      v128.store(to, a0);
      v128.store(to, b0, 16);
      to += panelBytes;
      v128.store(to, a1);
      v128.store(to, b1, 16);
      to += panelBytes;
      v128.store(to, a2);
      v128.store(to, b2, 16);
      to += panelBytes;
      v128.store(to, a3);
      v128.store(to, b3, 16);
      to += panelBytes;
      v128.store(to, a4);
      v128.store(to, b4, 16);
      to += panelBytes;
      v128.store(to, a5);
      v128.store(to, b5, 16);
    }
  }
}

/** matrix[i, :] += Σ_r left[i, r] right[r, :], three rows and four vectors of columns at a time. */
function addProduct<T>(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  ranks: i32,
  stride: usize,
): void {
  const rowBytes = stride * sizeof<T>();
  const leftBytes = <usize>ranks * sizeof<T>();
  for (let row = 0; row < rows; row += 3) {
    const factors = left + <usize>row * leftBytes;
    for (let offset: usize = 0; offset < rowBytes; offset += 64) {
      const at0 = matrix + <usize>row * rowBytes + offset;
      const at1 = at0 + rowBytes;
      const at2 = at1 + rowBytes;
      let a0 = v128.load(at0);
      let b0 = v128.load(at0, 16);
      let c0 = v128.load(at0, 32);
      let d0 = v128.load(at0, 48);
      let a1 = v128.load(at1);
      let b1 = v128.load(at1, 16);
      let c1 = v128.load(at1, 32);
      let d1 = v128.load(at1, 48);
      let a2 = v128.load(at2);
      let b2 = v128.load(at2, 16);
      let c2 = v128.load(at2, 32);
      let d2 = v128.load(at2, 48);
      let from = right + offset;
      let factor = factors;
      for (let rank = 0; rank < ranks; rank++) {
        const f0 = v128.load_splat<T>(factor);
        const f1 = v128.load_splat<T>(factor + leftBytes);
        const f2 = v128.load_splat<T>(factor + 2 * leftBytes);
        let x = v128.load(from);
        a0 = v128.add<T>(a0, v128.mul<T>(f0, x));
        a1 = v128.add<T>(a1, v128.mul<T>(f1, x));
        a2 = v128.add<T>(a2, v128.mul<T>(f2, x));
        x = v128.load(from, 16);
        b0 = v128.add<T>(b0, v128.mul<T>(f0, x));
        b1 = v128.add<T>(b1, v128.mul<T>(f1, x));
        b2 = v128.add<T>(b2, v128.mul<T>(f2, x));
        x = v128.load(from, 32);
        c0 = v128.add<T>(c0, v128.mul<T>(f0, x));
        c1 = v128.add<T>(c1, v128.mul<T>(f1, x));
        c2 = v128.add<T>(c2, v128.mul<T>(f2, x));
        x = v128.load(from, 48);
        d0 = v128.add<T>(d0, v128.mul<T>(f0, x));
        d1 = v128.add<T>(d1, v128.mul<T>(f1, x));
        d2 = v128.add<T>(d2, v128.mul<T>(f2, x));
        from += rowBytes;
        factor += sizeof<T>();
      }
      v128.store(at0, a0);
      v128.store(at0, b0, 16);
      v128.store(at0, c0, 32);
      v128.store(at0, d0, 48);
      v128.store(at1, a1);
      v128.store(at1, b1, 16);
      v128.store(at1, c1, 32);
      v128.store(at1, d1, 48);
      v128.store(at2, a2);
      v128.store(at2, b2, 16);
      v128.store(at2, c2, 32);
      v128.store(at2, d2, 48);
    }
  }
}

/**
 * result = matrix · panel in single precision.
 *
 * @param rows a multiple of 6
 * @param count columns of the matrix that are used, and rows of the panel
 * @param width columns of panel and result, a multiple of 8
 */
export function multiplySingle(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  count: i32,
  stride: i32,
  width: i32,
): void {
  multiplyPanel<f32>(matrix, panel, result, rows, count, stride, width);
}

/** result = matrix · panel in double precision; the width is a multiple of 4. */
export function multiplyDouble(
  matrix: usize,
  panel: usize,
  result: usize,
  rows: i32,
  count: i32,
  stride: i32,
  width: i32,
): void {
  multiplyPanel<f64>(matrix, panel, result, rows, count, stride, width);
}

/**
 * matrix += left · right in single precision.
 *
 * @param rows a multiple of 3
 * @param ranks columns of left and rows of right
 * @param stride a multiple of 16
 */
export function addProductSingle(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  ranks: i32,
  stride: i32,
): void {
  addProduct<f32>(matrix, left, right, rows, ranks, stride);
}

/** matrix += left · right in double precision; the stride is a multiple of 8. */
export function addProductDouble(
  matrix: usize,
  left: usize,
  right: usize,
  rows: i32,
  ranks: i32,
  stride: i32,
): void {
  addProduct<f64>(matrix, left, right, rows, ranks, stride);
}
