import type { Value } from '@namm/onnx';
import type { HeadSpec } from '../spec/decoder-spec.js';
import type { GraphContext } from './graph-context.js';
import { linear } from './linear.js';
import { softCap } from './soft-cap.js';

/** Logits `[outputs, vocabularySize]` of final hidden states `[outputs, hiddenSize]`. */
export function languageModelHead(
  { graph, weights }: GraphContext,
  spec: HeadSpec,
  hidden: Value,
): Value {
  return softCap(graph, spec.softCap, linear(graph, weights, spec.linear, hidden));
}
