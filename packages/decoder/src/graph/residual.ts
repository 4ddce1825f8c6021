import type { GraphBuilder, Value } from '@namm/onnx';
import type { NormSpec } from '../spec/decoder-spec.js';
import { norm, normOfSum } from './norm.js';
import type { Weights } from './weights.js';

/** The residual stream `[new, hiddenSize]`. An addition is computed together with the norm that reads the sum. */
export class Residual {
  readonly #graph: GraphBuilder;
  readonly #weights: Weights;
  #sum: Value;
  #pending: Value | null = null;

  constructor(graph: GraphBuilder, weights: Weights, start: Value) {
    this.#graph = graph;
    this.#weights = weights;
    this.#sum = start;
  }

  /** Adds the output of half a layer. */
  add(value: Value): void {
    this.#sum = this.sum();
    this.#pending = value;
  }

  /** Continues with only these tokens, int32. */
  keep(rows: Value): void {
    this.#sum = this.#graph.node('Gather', [this.sum(), rows]);
  }

  /** All that was added so far. */
  sum(): Value {
    if (this.#pending) this.#sum = this.#graph.node('Add', [this.#sum, this.#pending]);
    this.#pending = null;
    return this.#sum;
  }

  /** The sum, normalised if the model has a norm. */
  normalised(spec: NormSpec | null): Value {
    if (!spec) return this.sum();
    if (!this.#pending) return norm(this.#graph, this.#weights, spec, this.#sum);
    const both = normOfSum(this.#graph, this.#weights, spec, this.#sum, this.#pending);
    this.#sum = both.sum;
    this.#pending = null;
    return both.normalised;
  }
}
