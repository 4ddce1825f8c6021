/** The vector of one of `size` choices. */
export function oneHot(index: number, size: number): Float32Array {
  const vector = new Float32Array(size);
  vector[index] = 1;
  return vector;
}
