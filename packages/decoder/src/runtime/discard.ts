import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Smaller arrays are left to the garbage collector: it takes less time. */
const fewestBytes = 2 ** 16;

let closed: MessagePort | null = null;

/**
 * Frees the memory of an array at once: a pass over a long chunk makes some hundred arrays, which hardly ever make the
 * garbage collector run, since little of them lies in its heap. What is sent to a closed port is dropped; `transfer` of
 * an `ArrayBuffer` does the same from Node 22 on.
 *
 * @param numbers are not used afterwards; left as they are when their buffer holds more
 */
export function discard({ buffer, byteLength }: Float32Array): void {
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  if (!isWhole || byteLength < fewestBytes) return;
  if (buffer.resizable) {
    buffer.resize(0);
    return;
  }
  if (!closed) {
    closed = new MessageChannel().port1;
    closed.close();
  }
  closed.postMessage(null, [buffer]);
}

/**
 * Zeros, in pages of their own where they are many: among what ONNX Runtime allocates and frees, they would leave holes
 * that it finds no use for.
 */
export function newNumbers(length: number): Float32Array {
  const maxByteLength = length * Float32Array.BYTES_PER_ELEMENT;
  if (maxByteLength < fewestBytes) return new Float32Array(length);
  return new Float32Array(new ArrayBuffer(maxByteLength, { maxByteLength }), 0, length);
}
