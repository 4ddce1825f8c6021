import type { Value } from '@namm/onnx';
import type { ReportHead } from '../probes/probe-kind.js';
import type { GraphContext } from './graph-context.js';
import type { Masks } from './masks.js';
import type { RotaryTable } from './project.js';

/** What all layers of one graph share. */
export interface AttentionContext extends GraphContext {
  readonly masks: Masks;
  /** The rotary tables that layers refer to. */
  readonly rotary: readonly RotaryTable[];
  /** Per layer and KV head an int64 `[3]`: shared, own and new slots. */
  readonly slotCounts: readonly (readonly Value[])[];
  /** Makes outputs of what the probe asks of each head. */
  readonly report: ReportHead;
}
