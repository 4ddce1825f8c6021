import type { GraphBuilder, Value } from '@namm/onnx';
import type { ConvolutionSpec } from '../spec/decoder-spec.js';
import type { GraphContext } from './graph-context.js';
import { linear } from './linear.js';
import { names } from './names.js';

/**
 * The short convolutions of one graph. Rows of several sequences may stand side by side: which rows a token reads is fed,
 * so that none reads those of another, and a chunk goes on where the last one ended.
 */
export class Convolutions {
  readonly #context: GraphContext;
  readonly #hiddenSize: number;
  readonly #inputs = new Map<string, Value>();

  constructor(context: GraphContext, hiddenSize: number) {
    this.#context = context;
    this.#hiddenSize = hiddenSize;
  }

  /**
   * One of them, without its last matrix. What it keeps becomes an output of the graph.
   *
   * @param spec of the layer
   * @param index among the convolutions of the model
   * @param x `[new, hiddenSize]`
   * @returns `[new, hiddenSize]`
   */
  apply(spec: ConvolutionSpec, index: number, x: Value): Value {
    const { graph, weights } = this.#context;
    const { taps, kernel, kernelBias } = spec;
    const size = this.#hiddenSize;
    const [b, c, input] = graph.nodes('Split', [linear(graph, weights, spec.input, x)], 3, {
      attributes: { axis: -1, num_outputs: 3 },
    });
    const fresh = graph.node('Mul', [b!, input!]);
    const before = graph.input(names.state(index), 'float32', [`kept.${taps}`, size]);
    const all = graph.node('Concat', [before, fresh], { attributes: { axis: 0 } });
    const kept = graph.node('Gather', [all, this.#rows(names.keptRows(taps), [`kept.${taps}`])]);
    graph.output(names.stateAfter(index), kept, 'float32', [`kept.${taps}`, size]);
    const read = graph.node('Gather', [all, this.#rows(names.tapRows(taps), [taps, 'new'])]);
    const stored = weights.get(kernel, [size, 1, taps]);
    // Folded when the session is made: [taps, 1, hiddenSize].
    const perTap = graph.node('Transpose', [stored], { attributes: { perm: [2, 1, 0] } });
    const sum = graph.node('ReduceSum', [graph.node('Mul', [read, perTap]), graph.int64([0])], {
      attributes: { keepdims: 0 },
    });
    const mixed = kernelBias ? graph.node('Add', [sum, weights.get(kernelBias, [size])]) : sum;
    return graph.node('Mul', [c!, mixed]);
  }

  /** Declared once for all convolutions that read so many tokens. */
  #rows(name: string, shape: Parameters<GraphBuilder['input']>[2]): Value {
    let rows = this.#inputs.get(name);
    if (!rows) {
      rows = this.#context.graph.input(name, 'int32', shape);
      this.#inputs.set(name, rows);
    }
    return rows;
  }
}
