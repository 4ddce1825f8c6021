/**
 * What weights are held and multiplied in:
 *
 * - `auto`: floats as float32; blocks of a GGUF file as they are, in 4 or 8 bits;
 * - `fp32`: all as float32;
 * - `q8`, `q4`: matrices rounded to 8 or 4 bits, by groups of 32; blocks of no more bits stay as they are. With `q4`
 *   the embedding and the head get 8.
 *
 * In few bits, what is multiplied with them is rounded to 8 bits on the way.
 */
export type WeightDtype = 'auto' | 'fp32' | 'q8' | 'q4';

export const weightDtypes = ['auto', 'fp32', 'q8', 'q4'] as const satisfies readonly WeightDtype[];
