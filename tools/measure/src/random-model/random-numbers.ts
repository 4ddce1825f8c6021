/**
 * Uniform numbers with mean 0 and the given standard deviation (mulberry32). Philox of `@namm/core`
 * would take a minute for the 134 million weights of a model whose values do not matter.
 */
export function randomNumbers(count: number, deviation: number, seed: number): Float32Array {
  const numbers = new Float32Array(count);
  const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32;
  let state = Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    numbers[i] = ((mixed ^ (mixed >>> 14)) >>> 0) * scale - Math.sqrt(3) * deviation;
  }
  return numbers;
}
