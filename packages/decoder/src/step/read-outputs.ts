import { names } from '../graph/names.js';
import type { BackboneSpec } from '../spec/decoder-spec.js';

/** What a pass computed, beside the probe. */
export interface PassOutputs {
  readonly hidden: Float32Array;
  /** Empty without a head. */
  readonly logits: Float32Array;
  /** Per layer. */
  readonly newRows: readonly { readonly keys: Float32Array; readonly values: Float32Array }[];
  /** Arrays that hold all of this. */
  readonly all: readonly Float32Array[];
}

/**
 * Finds the numbers of a pass in what a session gave.
 *
 * @param outputs of the session
 * @param spec the model
 * @param count new tokens of the pass
 */
export function readOutputs(
  outputs: ReadonlyMap<string, Float32Array>,
  { layers }: BackboneSpec,
  count: number,
): PassOutputs {
  const logits = outputs.get(names.logits) ?? new Float32Array(0);
  const joined = outputs.get(names.joined);
  if (joined !== undefined) {
    let end = joined.length;
    const newRows = new Array<PassOutputs['newRows'][number]>(layers.length);
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const { keyValueHeads, headSize } = layers[layer]!.attention;
      const size = keyValueHeads * count * headSize;
      newRows[layer] = {
        keys: joined.subarray(end - 2 * size, end - size),
        values: joined.subarray(end - size, end),
      };
      end -= 2 * size;
    }
    return { hidden: joined.subarray(0, end), logits, newRows, all: [joined, logits] };
  }
  const hidden = outputs.get(names.hidden)!;
  const newRows = layers.map((_, layer) => ({
    keys: outputs.get(names.keys(layer))!,
    values: outputs.get(names.values(layer))!,
  }));
  const rows = newRows.flatMap(({ keys, values }) => [keys, values]);
  return { hidden, logits, newRows, all: [hidden, logits, ...rows] };
}
