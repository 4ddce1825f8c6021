import type { GraphBuilder, Value } from '@namm/onnx';

/**
 * Masks from the order of tokens: 0 where a query sees a key, −∞ where it does not. Query p sees key k when
 * k ≤ p and, in a sliding window of w tokens, p − k < w. Rows are those of
 * the queries of one KV head, `[group · new]`.
 */
export class Masks {
  readonly #graph: GraphBuilder;
  readonly #order: Value;
  readonly #columns = new Map<number, Value>();
  readonly #amongNew = new Map<string, Value>();

  /** @param order of the new tokens, int32 `[new]` */
  constructor(graph: GraphBuilder, order: Value) {
    this.#graph = graph;
    this.#order = order;
  }

  /** `[group · new, new]`: new tokens among themselves; made once per window and group size. */
  amongNew(window: number | null, group: number): Value {
    const key = `${window} ${group}`;
    let mask = this.#amongNew.get(key);
    if (!mask) {
      const graph = this.#graph;
      const distance = graph.node('Sub', [this.#column(group), this.#order]);
      const causal = graph.node('GreaterOrEqual', [distance, graph.int32(0)]);
      const visible =
        window === null ? causal : graph.node('And', [causal, this.#inWindow(distance, window)]);
      mask = this.#toScores(visible);
      this.#amongNew.set(key, mask);
    }
    return mask;
  }

  /** `[group · new, past]`: new tokens against cached ones in a sliding window; `past` is their order, int32. */
  againstPast(past: Value, window: number, group: number): Value {
    const distance = this.#graph.node('Sub', [this.#column(group), past]);
    return this.#toScores(this.#inWindow(distance, window));
  }

  /** Order of the queries, `[group · new, 1]`. */
  #column(group: number): Value {
    let column = this.#columns.get(group);
    if (!column) {
      const graph = this.#graph;
      const repeated = Array.from({ length: group }, () => this.#order);
      const rows =
        group === 1 ? this.#order : graph.node('Concat', repeated, { attributes: { axis: 0 } });
      column = graph.node('Unsqueeze', [rows, graph.int64([1])]);
      this.#columns.set(group, column);
    }
    return column;
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
