import type { PreparedImage } from '../images/image-processor.js';

/**
 * The rows of an image that was cut into tiles, as one block: those of the whole image, then those of the tiles put side by
 * side, without what is only padding, and a row of its own at the end of each line.
 *
 * @param image that was cut, the whole image first
 * @param tiles rows of its tiles, a row per patch, each `[patches, size]`
 * @param newline the row that ends a line, `[size]`
 * @returns `[patches + height × (width + 1), size]`, of what is filled
 */
export function packImage(
  { columns, filled }: Pick<PreparedImage, 'columns'> & Required<Pick<PreparedImage, 'filled'>>,
  tiles: readonly Float32Array[],
  newline: Float32Array,
): Float32Array {
  const [whole, ...parts] = tiles as [Float32Array, ...Float32Array[]];
  const size = newline.length;
  const edge = Math.sqrt(whole.length / size);
  const { left, top, width, height } = filled;
  const packed = new Float32Array(whole.length + height * (width + 1) * size);
  packed.set(whole);
  let at = whole.length;
  const put = (row: Float32Array) => {
    packed.set(row, at);
    at += size;
  };
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const part = parts[Math.floor(y / edge) * columns + Math.floor(x / edge)]!;
      const patch = (y % edge) * edge + (x % edge);
      put(part.subarray(patch * size, (patch + 1) * size));
    }
    put(newline);
  }
  return packed;
}
