import type { GraphBuilder } from '@namm/onnx';
import type { Weights } from './weights.js';

/** What every piece of a model's graph needs. */
export interface GraphContext {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}
