/** Numbers of the matrix, and of the panels that go with it. */
export type Numbers = Float32Array | Float64Array;

/** Rows that the kernels of assembly/matrix-adaptation.ts take at a time. */
export const rowGroup = 6;
/** Ranks that they take at a time. */
export const rankGroup = 3;
/** Bytes of a row that they take at a time. */
const blockBytes = 32;

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

/** The columns of a product: group of six rows, block of columns, row, column within the block. */
export function unpackColumns(product: Numbers, count: number, length: number): Float64Array[] {
  const width = blockWidth(product);
  const blocks = Math.ceil(count / width);
  return Array.from({ length: count }, (_, column) => {
    const vector = new Float64Array(length);
    const offset = Math.floor(column / width) * rowGroup * width + (column % width);
    for (let row = 0; row < length; row++) {
      const group = Math.floor(row / rowGroup);
      vector[row] = product[group * blocks * rowGroup * width + offset + (row % rowGroup) * width]!;
    }
    return vector;
  });
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
    for (let row = 0; row < vector.length; row++) {
      const group = Math.floor(row / rowGroup);
      panel[(group * ranks + rank) * rowGroup + (row % rowGroup)] = factor * vector[row]!;
    }
  }
}

/** Packs vectors as rows of a right factor: block of columns, rank, column within the block. */
export function packRight(panel: Numbers, vectors: readonly Float64Array[], ranks: number): void {
  const width = blockWidth(panel);
  panel.fill(0);
  for (const [rank, vector] of vectors.entries()) {
    for (let column = 0; column < vector.length; column++) {
      const block = Math.floor(column / width);
      panel[(block * ranks + rank) * width + (column % width)] = vector[column]!;
    }
  }
}
