import type { TensorArray, TensorData } from '@namm/tensors/portable';

/** A list of numbers as a tensor. */
export const row = (data: TensorArray): TensorData => ({ shape: [data.length], data });
