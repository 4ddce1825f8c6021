import type { GraphBuilder } from '@namm/onnx';
import type { Weights } from './weights.js';

/** What every part of a model's graph needs. */
export interface GraphContext {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}
