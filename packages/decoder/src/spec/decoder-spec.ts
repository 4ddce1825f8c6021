import type { RotarySpec } from '../rotary/rotary-spec.js';

/** A normalisation over the last axis. */
export interface NormSpec {
  /** `rms`: x / rms(x) · w; `layer`: (x − mean) / std · w + b. */
  readonly kind: 'rms' | 'layer';
  readonly weight: string;
  readonly bias: string | null;
  readonly size: number;
  readonly epsilon: number;
  /** Added to the stored weight: Gemma stores w − 1. */
  readonly weightOffset: 0 | 1;
}

/** y = x W + b with W stored as `[outputs, inputs]` (PyTorch Linear) or `[inputs, outputs]` (GPT-2). */
export interface LinearSpec {
  readonly weight: string;
  readonly bias: string | null;
  readonly inputs: number;
  readonly outputs: number;
  readonly layout: 'outputs-first' | 'inputs-first';
}

export type ActivationName = 'silu' | 'gelu' | 'gelu-tanh' | 'quick-gelu' | 'relu';

/** Queries, keys and values come from three matrices or from one that holds all three in this order. */
export type ProjectionSpec =
  | {
      readonly kind: 'separate';
      readonly query: LinearSpec;
      readonly key: LinearSpec;
      readonly value: LinearSpec;
    }
  | { readonly kind: 'fused'; readonly all: LinearSpec };

/** A norm on queries and keys before RoPE, over each head alone (Qwen3, Gemma3) or all heads (OLMo2). */
export interface QueryKeyNormSpec {
  readonly over: 'head' | 'all-heads';
  readonly query: NormSpec;
  readonly key: NormSpec;
}

export interface AttentionSpec {
  readonly queryHeads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Factor on q·k. */
  readonly scale: number;
  /** c·tanh(score / c) before the mask, or null. */
  readonly softCap: number | null;
  /** Sliding window in tokens, or null. */
  readonly window: number | null;
  /** Index into the model's rotary tables, or null for a layer without RoPE. */
  readonly rotary: number | null;
  readonly projections: ProjectionSpec;
  readonly queryKeyNorm: QueryKeyNormSpec | null;
  /**
   * `[queryHeads]`: a logit of each query head that takes part in its softmax and stands for no token, so that its
   * attention to tokens sums to less than 1 (gpt-oss).
   * @defaultValue none
   */
  readonly sinks?: string;
  readonly output: LinearSpec;
}

/** down(act(gate x) · up x), with gate and up apart or in one matrix, or down(act(up x)). */
type DenseFeedForwardSpec = {
  readonly activation: ActivationName;
  readonly down: LinearSpec;
} & (
  | { readonly kind: 'gated'; readonly gate: LinearSpec; readonly up: LinearSpec }
  | { readonly kind: 'fused-gated'; readonly gateAndUp: LinearSpec }
  | { readonly kind: 'plain'; readonly up: LinearSpec }
);

/** A matrix of each expert, stored `[experts, inputs, outputs]`, and biases, `[experts, outputs]`. */
export interface ExpertsLinearSpec {
  readonly weight: string;
  readonly bias: string;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * A mixture of experts (gpt-oss): the router's largest logits choose some for each token, and a softmax over these weighs
 * what they give, down((up + 1) · gate · sigmoid(alpha · gate)), where gate is at most `limit` and up within ±`limit`.
 */
export interface ExpertsSpec {
  readonly kind: 'experts';
  readonly experts: number;
  /** Experts per token. */
  readonly chosen: number;
  /** `hiddenSize` → `experts`. */
  readonly router: LinearSpec;
  /** `hiddenSize` → numbers of gate and up in turns. */
  readonly gateAndUp: ExpertsLinearSpec;
  readonly down: ExpertsLinearSpec;
  readonly alpha: number;
  readonly limit: number;
}

export type FeedForwardSpec = DenseFeedForwardSpec | ExpertsSpec;

/**
 * A short convolution over tokens, channel by channel, with a gate before and one after it (LFM2): out(c · conv(b · x)).
 * Of a sequence it keeps b · x of the last `taps` − 1 tokens.
 */
export interface ConvolutionSpec {
  /** b, c and x side by side: `hiddenSize` → 3 · `hiddenSize`. */
  readonly input: LinearSpec;
  /** Tokens that each output reads: its own and those before it; at least 2. */
  readonly taps: number;
  /** `[hiddenSize, 1, taps]`, the token's own tap last. */
  readonly kernel: string;
  /** `[hiddenSize]`, added to what the convolution gives, or null. */
  readonly kernelBias: string | null;
  readonly output: LinearSpec;
}

/** Norms around the two halves of a layer; those after act before the residual is added. */
export interface LayerNormsSpec {
  /** Also before a convolution in the attention's place. */
  readonly beforeAttention: NormSpec | null;
  readonly afterAttention: NormSpec | null;
  readonly beforeFeedForward: NormSpec | null;
  readonly afterFeedForward: NormSpec | null;
}

interface LayerFrame {
  readonly norms: LayerNormsSpec;
  readonly feedForward: FeedForwardSpec;
}

/** A layer whose tokens look at the rows that a cache holds. */
export interface AttentionLayerSpec extends LayerFrame {
  readonly attention: AttentionSpec;
  readonly convolution?: never;
}

/** A layer without rows. */
export interface ConvolutionLayerSpec extends LayerFrame {
  readonly convolution: ConvolutionSpec;
  readonly attention?: never;
}

export type LayerSpec = AttentionLayerSpec | ConvolutionLayerSpec;

/** The layers of a decoder: input rows (embeddings) go in, hidden states come out. */
export interface BackboneSpec {
  /** Names the architecture, for messages. */
  readonly family: string;
  /** Numbers per row. */
  readonly hiddenSize: number;
  /** Number of positions that the model supports; longer input is refused. */
  readonly maximumPositions: number;
  /**
   * Number of positions per token, if they are given with the input: M-RoPE has three, for time, height and width. They
   * rotate keys and queries; what a query sees depends only on the order of tokens.
   * @defaultValue positions are consecutive numbers
   */
  readonly positionAxes?: number;
  /** Rotary tables that layers refer to. */
  readonly rotary: readonly RotarySpec[];
  /** At least one has an attention. Caches count those with an attention alone. */
  readonly layers: readonly LayerSpec[];
  /** After the last layer, or null. */
  readonly finalNorm: NormSpec | null;
}

/** Turns ids into rows. */
export interface EmbeddingSpec {
  /** `[vocabularySize, hiddenSize]` */
  readonly weight: string;
  /** Factor on the embedding of an id (Gemma: √hiddenSize). */
  readonly scale: number;
}

/** A table of learned positions, `[count, hiddenSize]`, whose rows are added to those of the tokens. */
export interface LearnedPositionsSpec {
  readonly weight: string;
  readonly count: number;
}

/** Turns hidden states into logits. */
export interface HeadSpec {
  /** Shares the embedding's weight when tied. */
  readonly linear: LinearSpec;
  /** c·tanh(logit / c), or null. */
  readonly softCap: number | null;
}

/** Everything the graph builder needs to know about a model, as plain data. */
export interface DecoderSpec extends BackboneSpec {
  /** Token ids go from 0 to below this; null for a model that has neither embedding nor head. */
  readonly vocabularySize: number | null;
  /** Null for a model that reads only rows. */
  readonly embedding: EmbeddingSpec | null;
  /** Null if positions are not learned. */
  readonly learnedPositions: LearnedPositionsSpec | null;
  /** Null for a model that returns only hidden states. */
  readonly head: HeadSpec | null;
}
