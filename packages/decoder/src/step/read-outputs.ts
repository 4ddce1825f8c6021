import { names } from '../graph/names.js';
import type { BackboneSpec } from '../spec/decoder-spec.js';
import { attentionsOf } from '../spec/layers-of.js';

/** What a pass computed, beside the probe. */
export interface PassOutputs {
  readonly hidden: Float32Array;
  /** Empty without a head. */
  readonly logits: Float32Array;
  /** Per layer with an attention. */
  readonly newRows: readonly { readonly keys: Float32Array; readonly values: Float32Array }[];
  /** What layers without rows keep from here on. */
  readonly states: readonly Float32Array[];
  /** Arrays that hold all of this. */
  readonly all: readonly Float32Array[];
}

/**
 * Finds the numbers of a pass in what a session gave.
 *
 * @param outputs of the session
 * @param spec the model
 * @param count new tokens of the pass
 * @param states what layers without rows keep
 */
export function readOutputs(
  outputs: ReadonlyMap<string, Float32Array>,
  spec: BackboneSpec,
  count: number,
  states: readonly Float32Array[],
): PassOutputs {
  const layers = attentionsOf(spec);
  const logits = outputs.get(names.logits) ?? new Float32Array(0);
  const joined = outputs.get(names.joined);
  if (joined !== undefined) {
    let end = joined.length;
    const newRows = new Array<PassOutputs['newRows'][number]>(layers.length);
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const { keyValueHeads, headSize } = layers[layer]!;
      const size = keyValueHeads * count * headSize;
      newRows[layer] = {
        keys: joined.subarray(end - 2 * size, end - size),
        values: joined.subarray(end - size, end),
      };
      end -= 2 * size;
    }
    const hidden = joined.subarray(0, end);
    return { hidden, logits, newRows, states, all: [joined, logits, ...states] };
  }
  const hidden = outputs.get(names.hidden)!;
  const newRows = layers.map((_, layer) => ({
    keys: outputs.get(names.keys(layer))!,
    values: outputs.get(names.values(layer))!,
  }));
  const rows = newRows.flatMap(({ keys, values }) => [keys, values]);
  return { hidden, logits, newRows, states, all: [hidden, logits, ...rows, ...states] };
}
