/** A copy of numbers of so many bytes each, in the other byte order. */
export function swapBytes(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const within = i % width;
    swapped[i - within + (width - 1 - within)] = bytes[i]!;
  }
  return swapped;
}
