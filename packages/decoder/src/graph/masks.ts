import type { GraphBuilder, Value } from '@namm/onnx';

/**
 * Masks from absolute positions: 0 where a query sees a key, −∞ where it does not. A query at position p
 * sees a key at position k when k ≤ p and, in a sliding window of w tokens, p − k < w.
 */
export class Masks {
  readonly #graph: GraphBuilder;
  readonly #positions: Value;
  readonly #column: Value;
  readonly #amongNew = new Map<number | null, Value>();

  /** @param positions of the new tokens, int32 `[new]` */
  constructor(graph: GraphBuilder, positions: Value) {
    this.#graph = graph;
    this.#positions = positions;
    this.#column = graph.node('Unsqueeze', [positions, graph.int64([1])]);
  }

  /** `[new, new]`: new tokens among themselves; made once per window size. */
  amongNew(window: number | null): Value {
    let mask = this.#amongNew.get(window);
    if (!mask) {
      const graph = this.#graph;
      const distance = graph.node('Sub', [this.#column, this.#positions]);
      const causal = graph.node('GreaterOrEqual', [distance, graph.int32(0)]);
      const visible =
        window === null ? causal : graph.node('And', [causal, this.#inWindow(distance, window)]);
      mask = this.#toScores(visible);
      this.#amongNew.set(window, mask);
    }
    return mask;
  }

  /** `[new, past]`: new tokens against cached ones in a sliding window; `past` are int32 positions. */
  againstPast(past: Value, window: number): Value {
    const distance = this.#graph.node('Sub', [this.#column, past]);
    return this.#toScores(this.#inWindow(distance, window));
  }

  #inWindow(distance: Value, window: number): Value {
    return this.#graph.node('Less', [distance, this.#graph.int32(window)]);
  }

  #toScores(visible: Value): Value {
    const graph = this.#graph;
    const hidden = graph.float32([Number.NEGATIVE_INFINITY]);
    return graph.node('Where', [visible, graph.float32([0]), hidden]);
  }
}
