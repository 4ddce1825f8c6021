import type { KVCache, Observation, Probe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import type { Feed } from '../runtime/runtime.js';

/** The probes of one kind. */
export type ProbeOf<Kind extends Probe['kind']> = Extract<Probe, { readonly kind: Kind }>;

/** The attention of one KV head and the query heads of its group, inside a graph. */
export interface HeadAttention {
  readonly layer: number;
  readonly head: number;
  /** Query heads that share the KV head. */
  readonly group: number;
  /**
   * What the model used, `[group · new, slots]`, slots counting past and new tokens; made in the graph when it is asked
   * for. Rows sum to 1, or to less where the attention has sinks.
   */
  readonly probabilities: () => Value;
  /** Queries before their rotation, scaled, `[group · new, headSize]`; made in the graph when it is asked for. */
  readonly queries: () => Value;
}

/** Makes outputs of the graph of what a probe asks of one head. */
export type ReportHead = (head: HeadAttention) => void;

/** One KV head of a model. */
export interface HeadPlace {
  readonly layer: number;
  /** What the graph calls the layer. */
  readonly inGraph: number;
  readonly head: number;
}

/** Adds what a probe needs of a sequence to the inputs of a pass of `count` new tokens. */
export type AddFeeds = (feeds: Map<string, Feed>, cache: KVCache, count: number) => void;

/** What a session gave, and where in it a layer is. */
export interface LayerOutputs {
  readonly outputs: ReadonlyMap<string, Float32Array>;
  readonly layer: number;
  readonly keyValueHeads: number;
  /** Query heads per KV head. */
  readonly group: number;
  /** New tokens of the pass. */
  readonly count: number;
}

/** A pass whose attention lies before us. */
interface ObservedPass {
  readonly cache: KVCache;
  /** New tokens. */
  readonly count: number;
  readonly layer: number;
  /** Query heads per KV head. */
  readonly group: number;
}

/** A probe of attention that lies before us, instead of in a graph. */
interface ObserveAttention<P extends Probe = Probe> {
  /**
   * Whether {@link read} can tell all that the policy of a cache is to be told of a pass of `count` tokens, where each KV head
   * has `group` query heads.
   */
  takes(cache: KVCache, count: number, group: number): boolean;
  /**
   * What the policy is told of one layer; null when that is nothing.
   *
   * @param attention per head `[group · new, slots]`; it is written anew afterwards
   */
  read(attention: readonly Float32Array[], pass: ObservedPass, wanted: P): Observation | null;
}

/** All that the decoder knows of one kind of probe: a file of this folder each. */
export interface ProbeKind<P extends Probe = Probe> {
  /** Whether it asks for queries before their rotation. @defaultValue no */
  readsQueries?(probe: P): boolean;
  /** @throws {InvalidArgumentError} naming the part of the probe that cannot be */
  check(probe: P): void;
  /** Whether a graph that reports `offered` tells all that `wanted`, of the same kind, asks for. */
  serves(offered: P, wanted: P): boolean;
  /**
   * Adds to a graph what all heads share.
   *
   * @param order of the new tokens, `[new]`
   * @returns adds what each head reports
   */
  build(graph: GraphBuilder, probe: P, order: Value): ReportHead;
  /** Of a decoder with these heads; left out where the graph has no inputs of the probe's own. */
  feeds?(probe: P, heads: readonly HeadPlace[]): AddFeeds;
  /** What a policy that asks for `wanted` is told of one layer. */
  read(layer: LayerOutputs, offered: P, wanted: P): Observation[];
  /** Left out where only a graph tells what is asked for. */
  readonly observe?: ObserveAttention<P>;
}
