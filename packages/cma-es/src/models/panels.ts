/** Numbers of the matrix, and of the panels that go with it. */
export type Numbers = Float32Array | Float64Array;

/** Rows that the kernels of assembly/matrix-adaptation.ts take at a time. */
export const rowGroup = 6;
/** Ranks that they take at a time. */
export const rankGroup = 3;
/** Bytes of a row that they take at a time. */
export const blockBytes = 32;

/** Columns that they take at a time. */
export const blockWidth = (panel: Numbers) => blockBytes / panel.BYTES_PER_ELEMENT;

/**
 * Packs vectors as columns of a panel: block of columns, row, column within the block. What no vector fills
 * is zero.
 */
export function packColumns(panel: Numbers, vectors: readonly Float64Array[], rows: number): void {
  const width = blockWidth(panel);
  panel.fill(0);
  for (const [column, vector] of vectors.entries()) {
    let at = Math.floor(column / width) * rows * width + (column % width);
    for (let row = 0; row < vector.length; row++) {
      panel[at] = vector[row]!;
      at += width;
    }
  }
}

/** Unpacks the columns of a product: group of six rows, block of columns, row, column within the block. */
export function unpackColumns(product: Numbers, vectors: readonly Float64Array[]): void {
  const width = blockWidth(product);
  const groupLength = Math.ceil(vectors.length / width) * rowGroup * width;
  for (const [column, vector] of vectors.entries()) {
    const offset = Math.floor(column / width) * rowGroup * width + (column % width);
    for (let first = 0, at = offset; first < vector.length; first += rowGroup, at += groupLength) {
      const end = Math.min(rowGroup, vector.length - first);
      for (let row = 0; row < end; row++) vector[first + row] = product[at + row * width]!;
    }
  }
}

/** Packs scaled vectors as columns of a left factor: group of six rows, rank, row within the group. */
export function packLeft(
  panel: Numbers,
  vectors: readonly Float64Array[],
  factors: readonly number[],
  ranks: number,
): void {
  panel.fill(0);
  for (const [rank, vector] of vectors.entries()) {
    const factor = factors[rank]!;
    let at = rank * rowGroup;
    for (let first = 0; first < vector.length; first += rowGroup, at += ranks * rowGroup) {
      const end = Math.min(rowGroup, vector.length - first);
      for (let row = 0; row < end; row++) panel[at + row] = factor * vector[first + row]!;
    }
  }
}

/** Packs vectors as rows of a right factor: block of columns, rank, column within the block. */
export function packRight(panel: Numbers, vectors: readonly Float64Array[], ranks: number): void {
  const width = blockWidth(panel);
  panel.fill(0);
  for (const [rank, vector] of vectors.entries()) {
    let at = rank * width;
    for (let first = 0; first < vector.length; first += width, at += ranks * width) {
      const end = Math.min(width, vector.length - first);
      for (let column = 0; column < end; column++) panel[at + column] = vector[first + column]!;
    }
  }
}
