import type { GraphBuilder, Value } from '@namm/onnx';
import type { Weights } from './weights.js';

/** What every piece of a model's graph needs. */
export interface GraphContext {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
  /** Consecutive numbers of the new tokens, int32 `[new]`: their order, which decides what a query sees. */
  readonly order: Value;
}
