/**
 * What weights are held and multiplied in:
 *
 * - `auto`: floats as float32; blocks of a GGUF file unchanged, in 4 or 8 bits;
 * - `fp32`: all as float32;
 * - `q8`, `q4`: matrices quantised to 8 or 4 bits, in groups of 32; blocks that already have no more bits stay
 *   unchanged. With `q4`, the embedding and the head get 8 bits.
 *
 * Activations that are multiplied with quantised weights are rounded to 8 bits.
 */
export type WeightDtype = 'auto' | 'fp32' | 'q8' | 'q4';

export const weightDtypes = ['auto', 'fp32', 'q8', 'q4'] as const satisfies readonly WeightDtype[];
