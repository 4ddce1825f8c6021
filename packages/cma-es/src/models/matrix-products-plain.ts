type Numbers = Float32Array | Float64Array;

/** Sizes of a matrix whose rows are `stride` numbers apart. */
interface Sizes {
  readonly rows: number;
  readonly count: number;
  readonly stride: number;
  readonly width: number;
}

/** result = matrix · panel, as multiplySingle and multiplyDouble of assembly/matrix-adaptation.ts. */
export function multiplyPlain(
  matrix: Numbers,
  panel: Numbers,
  result: Numbers,
  { rows, count, stride, width }: Sizes,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += matrix[i * stride + k]! * panel[k * width + j]!;
      result[i * width + j] = sum;
    }
  }
}

/** matrix += left · right, as addProductSingle and addProductDouble. */
export function addProductPlain(
  matrix: Numbers,
  left: Numbers,
  right: Numbers,
  {
    rows,
    stride,
    ranks,
  }: { readonly rows: number; readonly stride: number; readonly ranks: number },
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < stride; j++) {
      let sum = matrix[i * stride + j]!;
      for (let r = 0; r < ranks; r++) sum += left[i * ranks + r]! * right[r * stride + j]!;
      matrix[i * stride + j] = sum;
    }
  }
}
