import type { RowKind } from '../row-kinds.js';
import type { TransformerWeights } from './transformer-weights.js';

/** The epsilon of PyTorch's LayerNorm: `layer_norm_epsilon` of the configuration is for the layers alone. */
const epsilon = 1e-5;

/** Makes the rows that the layers read: embedding of what a token stands for, plus its timestep, normalised. */
export class InputRows {
  readonly #weights: TransformerWeights;
  readonly #hiddenSize: number;
  readonly #scratch: Float64Array;

  constructor(weights: TransformerWeights) {
    this.#weights = weights;
    this.#hiddenSize = weights.norm.weight.length;
    this.#scratch = new Float64Array(this.#hiddenSize);
  }

  /**
   * Writes one row.
   *
   * @param rows `[…, hiddenSize]`
   * @param index of the row to write
   * @param parts what the token stands for; a state that the return was put into has two parts
   * @param timestep row of the table
   */
  write(
    rows: Float32Array,
    index: number,
    parts: readonly (readonly [RowKind, ArrayLike<number>])[],
    timestep: number,
  ): void {
    const { embed, timesteps, norm, offset } = this.#weights;
    const size = this.#hiddenSize;
    const sums = this.#scratch;
    sums.set(timesteps.subarray(timestep * size, (timestep + 1) * size));
    for (const [kind, values] of parts) embed[kind].addTo(sums, values);
    let mean = 0;
    for (let i = 0; i < size; i++) mean += sums[i]! / size;
    let variance = 0;
    for (let i = 0; i < size; i++) variance += (sums[i]! - mean) ** 2 / size;
    const scale = 1 / Math.sqrt(variance + epsilon);
    const start = index * size;
    for (let i = 0; i < size; i++) {
      const normalised = (sums[i]! - mean) * scale * norm.weight[i]! + norm.bias[i]!;
      rows[start + i] = normalised + (offset === null ? 0 : offset[i]!);
    }
  }
}
