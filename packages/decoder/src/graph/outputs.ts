import type { GraphBuilder, Value } from '@namm/onnx';
import type { BackboneSpec } from '../spec/decoder-spec.js';
import { attentionsOf } from '../spec/layers-of.js';
import { names } from './names.js';

/** Takes what a pass makes out of the graph. */
export interface Outputs {
  /** New keys and values of a layer, each `[heads · new, headSize]`; called layer by layer. */
  readonly rows: (layer: number, keys: Value, values: Value) => void;
  /** Final hidden states `[outputs, hiddenSize]`; called last. */
  readonly hidden: (hidden: Value) => void;
}

/** Each as an output of its own. */
export function outputsEach(graph: GraphBuilder, spec: BackboneSpec): Outputs {
  const attentions = attentionsOf(spec);
  return {
    rows(layer, keys, values) {
      const shape = [`rows.${layer}`, attentions[layer]!.headSize] as const;
      graph.output(names.keys(layer), keys, 'float32', shape);
      graph.output(names.values(layer), values, 'float32', shape);
    },
    hidden: (hidden) => graph.output(names.hidden, hidden, 'float32', ['outputs', spec.hiddenSize]),
  };
}

/** All of them in one output: an output costs ten times what a node costs. */
export function joinedOutputs(graph: GraphBuilder, spec: BackboneSpec): Outputs {
  const { hiddenSize } = spec;
  const parts: Value[] = [];
  const sizes = attentionsOf(spec).map(({ headSize }) => headSize);
  const isCommon = new Set(sizes).size === 1 && hiddenSize % sizes[0]! === 0;
  const width = isCommon ? sizes[0]! : 1;
  const asRows = (value: Value, size: number) =>
    size === width ? value : graph.node('Reshape', [value, graph.int64([-1, width])]);
  return {
    rows(layer, keys, values) {
      parts.push(asRows(keys, sizes[layer]!), asRows(values, sizes[layer]!));
    },
    hidden(hidden) {
      const rows = [asRows(hidden, hiddenSize), ...parts];
      const all = graph.node('Concat', rows, { attributes: { axis: 0 } });
      graph.output(names.joined, all, 'float32', ['joined', width]);
    },
  };
}
