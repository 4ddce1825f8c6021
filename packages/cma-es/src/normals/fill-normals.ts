import { InvalidArgumentError, shown, WasmInstance } from '@namm/core/portable';
import { type Functions, module } from '../generated/normals.js';

/** Source of a candidate's standard normal numbers. */
export type NormalSource = (
  target: Float64Array,
  seed: number,
  stream: readonly [generation: number, index: number, restart: number],
) => void;

/** The kernel writes whole groups. */
const group = 8;

let kernels: WasmInstance<Functions> | null = null;
let address = 0;
let capacity = 0;

/**
 * Fills a list with standard normal numbers: the same ones for the same seed and stream on every
 * machine (Philox4x32-10 under the key `seed`, counters `stream`, then Box–Muller).
 *
 * @param target any length
 * @param seed a non-negative safe integer
 * @param stream three unsigned 32-bit integers
 * @throws {InvalidArgumentError} for any other seed or stream
 *
 * @example
 * ```ts
 * const z = new Float64Array(10);
 * fillNormals(z, 7, [0, 3, 0]); // z of candidate 3 in generation 0
 * ```
 */
export const fillNormals: NormalSource = (target, seed, stream) => {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidArgumentError('seed', `${shown(seed)} is not a non-negative safe integer`);
  }
  if (stream.length !== 3 || stream.some((part) => part >>> 0 !== part)) {
    throw new InvalidArgumentError('stream', 'three unsigned 32-bit integers are needed');
  }
  const count = Math.ceil(target.length / group) * group;
  kernels ??= new WasmInstance<Functions>(module);
  if (count > capacity) {
    if (capacity > 0) kernels.release(address);
    address = kernels.allocate(count * Float64Array.BYTES_PER_ELEMENT);
    capacity = count;
  }
  const high = Math.floor(seed / 0x1_0000_0000);
  kernels.functions.fillNormals(address, count, seed >>> 0, high, ...stream);
  target.set(kernels.float64(address, target.length));
};
