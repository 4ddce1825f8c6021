import type { CacheDtype, Probe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import type { ReportHead } from '../probes/probe-kind.js';
import type { Masks } from './masks.js';
import type { Piece } from './names.js';

/** How attention runs, whatever the model. */
export interface AttentionRun {
  /** What it reports. */
  readonly probe: Probe;
  /** What caches hold keys and values in. */
  readonly cacheDtype: CacheDtype;
}

/** What the attention of all layers of one graph shares. */
export interface AttentionContext {
  readonly graph: GraphBuilder;
  readonly masks: Masks;
  /** What caches hold keys and values in. */
  readonly cacheDtype: CacheDtype;
  /** The pieces that the past of a head comes in. */
  readonly pieces: readonly Piece[];
  /** Per layer and KV head an int64 list: slots of each piece, and new ones. */
  readonly slotCounts: readonly (readonly Value[])[];
  /** Takes the new keys and values of a layer, each `[heads · new, headSize]`, out of the graph. */
  readonly giveOut: (layer: number, keys: Value, values: Value) => void;
  /** Makes outputs of what the probe asks of each head. */
  readonly report: ReportHead;
}
