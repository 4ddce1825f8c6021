import type { AttentionSpec, ModelSource } from '@namm/decoder';
import { blockLayout } from '@namm/tensors';

/** What a model cannot do without. */
export interface ModelWork {
  /** Bytes of weights that a decoded token reads, as they are held. */
  readonly weightBytes: number;
  /** Bytes of keys and values of one token, in float32. */
  readonly rowBytes: number;
  /** Operations of the products with weights for one token, without the head. */
  readonly operations: number;
  /** Operations of the attention of one token to one other. */
  readonly attentionOperations: number;
}

/**
 * Counts a model's work.
 *
 * @param source of a folder of floats, or a GGUF file whose blocks are held as they are
 */
export function modelWork({ spec, weights }: ModelSource): ModelWork {
  let [weightBytes, operations] = [0, 0];
  const head = spec.head?.linear.weight;
  for (const { name, shape, format } of weights.values()) {
    if (name === spec.embedding?.weight && name !== head) continue; // one row is read
    const count = shape.reduce((product, n) => product * n, 1);
    const layout = blockLayout(format);
    const isBlocks = layout !== null && layout.blockSize > 1;
    weightBytes += isBlocks ? (count * layout.blockBytes) / layout.blockSize : 4 * count;
    if (shape.length === 2 && name !== head) operations += 2 * count;
  }
  const sumOf = (of: (attention: AttentionSpec) => number) =>
    spec.layers.reduce((sum, { attention }) => sum + (attention ? of(attention) : 0), 0);
  return {
    weightBytes,
    operations,
    rowBytes: sumOf(({ keyValueHeads, headSize }) => 2 * 4 * keyValueHeads * headSize),
    attentionOperations: sumOf(({ queryHeads, headSize }) => 2 * 2 * queryHeads * headSize),
  };
}
