import type { RotarySpec } from '../rotary/rotary-spec.js';
import type { ConfigReader } from '../source/config-reader.js';
import type {
  AttentionSpec,
  ConvolutionSpec,
  DecoderSpec,
  FeedForwardSpec,
  LayerNormsSpec,
  LinearSpec,
  NormSpec,
} from '../spec/decoder-spec.js';
import { readActivation } from './read-activation.js';

/** What differs from layer to layer. */
interface LayerTraits {
  readonly window: number | null;
  /** Index into the family's rotary tables, or null. */
  readonly rotary: number | null;
}

/** What stands in an attention's place in layers that have none. */
interface ConvolutionTraits {
  readonly taps: number;
  readonly bias: boolean;
  readonly isIn: (index: number) => boolean;
}

/** How tensors are called that have other names in some families. */
const usualNames = {
  beforeAttention: 'input_layernorm',
  /** Llama calls the norm before the feed-forward "post attention"; the others mean what they say. */
  beforeFeedForward: 'post_attention_layernorm',
  queryNorm: 'self_attn.q_norm',
  keyNorm: 'self_attn.k_norm',
  attentionOutput: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
  finalNorm: 'norm',
};

/** In what the families with RMS norms, RoPE and a gated feed-forward differ: the rest is one template. */
export interface GatedDecoderTraits {
  readonly headSize: number;
  readonly maximumPositions: number;
  /** Whether `maximumPositions` is what the family's RoPE scaling reaches, and never the trained length. */
  readonly statesReach?: boolean;
  readonly rotary: readonly RotarySpec[];
  readonly layer: (index: number) => LayerTraits;
  /** Whether the head shares the embedding when the configuration does not say. */
  readonly tiedByDefault: boolean;
  readonly epsilonKey?: 'rms_norm_eps' | 'norm_eps';
  readonly epsilonDefault?: number;
  readonly names?: Partial<typeof usualNames>;
  /** `intermediate_size` when absent. */
  readonly innerSize?: number;
  /** Of a layer, by what stands before its names; gated when absent. */
  readonly feedForward?: (layer: string) => FeedForwardSpec;
  /** Whether each query head has a logit that stands for no token. */
  readonly sinks?: boolean;
  /** Layers without an attention; none when absent. */
  readonly convolution?: ConvolutionTraits;
  /** Norms stand before each half (Llama), after it (OLMo2), or on both sides (Gemma). */
  readonly norms?: 'before' | 'after' | 'around';
  readonly normWeightOffset?: 0 | 1;
  readonly queryKeyNorm?: 'head' | 'all-heads';
  readonly queryKeyValueBias?: boolean;
  readonly outputBias?: boolean;
  readonly feedForwardBias?: boolean;
  /** Queries, keys and values in one matrix, gate and up in another (Phi-3). */
  readonly fused?: boolean;
  readonly activationKey?: 'hidden_act' | 'hidden_activation';
  readonly activationDefault?: string;
  readonly embeddingScale?: number;
  /** 1/√headSize when absent. */
  readonly attentionScale?: number;
  readonly attentionSoftCap?: number | null;
  readonly logitSoftCap?: number | null;
}

/** Heads and sizes that every such configuration states. */
export function readHeads(config: ConfigReader, headSizeDefault?: number) {
  const hiddenSize = config.count('hidden_size');
  const queryHeads = config.count('num_attention_heads', undefined, hiddenSize);
  const keyValueHeads = config.optionalCount('num_key_value_heads') ?? queryHeads;
  if (queryHeads % keyValueHeads !== 0) {
    const problem = `${keyValueHeads} does not divide num_attention_heads (${queryHeads})`;
    config.fail('num_key_value_heads', problem);
  }
  let headSize = headSizeDefault ?? hiddenSize / queryHeads;
  if (config.has('head_dim')) headSize = config.count('head_dim');
  if (!Number.isInteger(headSize)) {
    const problem = `${hiddenSize} is not a multiple of num_attention_heads (${queryHeads}) and there is no head_dim`;
    config.fail('hidden_size', problem);
  }
  return { hiddenSize, queryHeads, keyValueHeads, headSize };
}

/** No published decoder has more layers; a larger number is a damaged file. */
const largestLayerCount = 1024;

/** Number of layers, checked before anything is built for each of them. */
export function readLayerCount(
  config: ConfigReader,
  key = 'num_hidden_layers',
  defaultCount?: number,
): number {
  return config.count(key, defaultCount, largestLayerCount);
}

/**
 * The spec of a decoder with RMS norms, RoPE and a gated feed-forward.
 *
 * @param config its configuration
 * @param prefix what stands before the names of its tensors, usually `model.`
 * @param traits in what it differs from the template
 */
export function gatedDecoder(
  config: ConfigReader,
  prefix: string,
  traits: GatedDecoderTraits,
): DecoderSpec {
  const { headSize } = traits;
  const { hiddenSize, queryHeads, keyValueHeads } = readHeads(config, headSize);
  const vocabularySize = config.count('vocab_size');
  const innerSize = traits.innerSize ?? config.count('intermediate_size');
  const names = { ...usualNames, ...traits.names };
  const epsilon = config.number(traits.epsilonKey ?? 'rms_norm_eps', {
    above: 0,
    atMost: 1,
    default: traits.epsilonDefault ?? 1e-6,
  });
  const activation = readActivation(
    config,
    traits.activationKey ?? 'hidden_act',
    traits.activationDefault ?? 'silu',
  );
  const querySize = queryHeads * headSize;
  const keyValueSize = keyValueHeads * headSize;

  const norm = (name: string, size = hiddenSize): NormSpec => ({
    kind: 'rms',
    weight: `${name}.weight`,
    bias: null,
    size,
    epsilon,
    weightOffset: traits.normWeightOffset ?? 0,
  });
  const linear = (name: string, inputs: number, outputs: number, bias = false): LinearSpec => ({
    weight: `${name}.weight`,
    bias: bias ? `${name}.bias` : null,
    inputs,
    outputs,
    layout: 'outputs-first',
  });

  const norms = (layer: string): LayerNormsSpec => {
    const placement = traits.norms ?? 'before';
    const before = placement !== 'after';
    const after = placement !== 'before';
    const beforeFeedForward =
      placement === 'before' ? names.beforeFeedForward : 'pre_feedforward_layernorm';
    return {
      beforeAttention: before ? norm(`${layer}.${names.beforeAttention}`) : null,
      afterAttention: after ? norm(`${layer}.post_attention_layernorm`) : null,
      beforeFeedForward: before ? norm(`${layer}.${beforeFeedForward}`) : null,
      afterFeedForward: after ? norm(`${layer}.post_feedforward_layernorm`) : null,
    };
  };

  const attention = (layer: string, { window, rotary }: LayerTraits): AttentionSpec => {
    const self = `${layer}.self_attn`;
    const bias = traits.queryKeyValueBias;
    const separate = {
      kind: 'separate',
      query: linear(`${self}.q_proj`, hiddenSize, querySize, bias),
      key: linear(`${self}.k_proj`, hiddenSize, keyValueSize, bias),
      value: linear(`${self}.v_proj`, hiddenSize, keyValueSize, bias),
    } as const;
    const all = linear(`${self}.qkv_proj`, hiddenSize, querySize + 2 * keyValueSize, bias);
    const over = traits.queryKeyNorm;
    return {
      queryHeads,
      keyValueHeads,
      headSize,
      scale: traits.attentionScale ?? 1 / Math.sqrt(headSize),
      softCap: traits.attentionSoftCap ?? null,
      window,
      rotary,
      projections: traits.fused ? { kind: 'fused', all } : separate,
      queryKeyNorm: over
        ? {
            over,
            query: norm(`${layer}.${names.queryNorm}`, over === 'head' ? headSize : querySize),
            key: norm(`${layer}.${names.keyNorm}`, over === 'head' ? headSize : keyValueSize),
          }
        : null,
      ...(traits.sinks && { sinks: `${self}.sinks` }),
      output: linear(`${layer}.${names.attentionOutput}`, querySize, hiddenSize, traits.outputBias),
    };
  };

  const convolution = (layer: string, { taps, bias }: ConvolutionTraits): ConvolutionSpec => ({
    input: linear(`${layer}.conv.in_proj`, hiddenSize, 3 * hiddenSize, bias),
    taps,
    kernel: `${layer}.conv.conv.weight`,
    kernelBias: bias ? `${layer}.conv.conv.bias` : null,
    output: linear(`${layer}.conv.out_proj`, hiddenSize, hiddenSize, bias),
  });

  const feedForward = (layer: string): FeedForwardSpec => {
    const bias = traits.feedForwardBias;
    const down = linear(`${layer}.${names.down}`, innerSize, hiddenSize, bias);
    if (traits.fused) {
      const gateAndUp = linear(`${layer}.mlp.gate_up_proj`, hiddenSize, 2 * innerSize, bias);
      return { kind: 'fused-gated', activation, down, gateAndUp };
    }
    const gate = linear(`${layer}.${names.gate}`, hiddenSize, innerSize, bias);
    const up = linear(`${layer}.${names.up}`, hiddenSize, innerSize, bias);
    return { kind: 'gated', activation, down, gate, up };
  };

  const embedding = `${prefix}embed_tokens.weight`;
  const tied = config.boolean('tie_word_embeddings', traits.tiedByDefault);
  return {
    family: config.text('model_type'),
    vocabularySize,
    hiddenSize,
    maximumPositions: traits.statesReach
      ? traits.maximumPositions
      : reach(traits.maximumPositions, traits.rotary),
    ...positionAxes(traits.rotary),
    embedding: { weight: embedding, scale: traits.embeddingScale ?? 1 },
    learnedPositions: null,
    rotary: traits.rotary,
    layers: Array.from({ length: readLayerCount(config) }, (_, index) => {
      const layer = `${prefix}layers.${index}`;
      const frame = {
        norms: norms(layer),
        feedForward: (traits.feedForward ?? feedForward)(layer),
      };
      return traits.convolution?.isIn(index)
        ? { ...frame, convolution: convolution(layer, traits.convolution) }
        : { ...frame, attention: attention(layer, traits.layer(index)) };
    }),
    finalNorm: norm(`${prefix}${names.finalNorm}`),
    head: {
      linear: {
        weight: tied ? embedding : headName(prefix),
        bias: null,
        inputs: hiddenSize,
        outputs: vocabularySize,
        layout: 'outputs-first',
      },
      softCap: traits.logitSoftCap ?? null,
    },
  };
}

/** As many positions per token as there are axes that RoPE rotates by, where a token has several. */
function positionAxes(rotary: readonly RotarySpec[]): { positionAxes?: number } {
  const axes = rotary.flatMap((table) => table.axes ?? []);
  return axes.length > 0 ? { positionAxes: 1 + Math.max(...axes) } : {};
}

/**
 * Positions that the model's own RoPE scaling reaches: factor times trained length. Some configurations state
 * that as `max_position_embeddings`, others leave the trained length there, so the larger number counts.
 */
function reach(maximumPositions: number, rotary: readonly RotarySpec[]): number {
  const lengths = rotary.map(({ scaling }) => {
    if (!('factor' in scaling)) return maximumPositions;
    const trained = 'trainedPositions' in scaling ? scaling.trainedPositions : undefined;
    return Math.floor((trained ?? maximumPositions) * scaling.factor);
  });
  return Math.min(Math.max(maximumPositions, ...lengths), 2 ** 31 - 1);
}

/** The head stands beside the decoder's body: `model.` → `lm_head`, `text.model.` → `text.lm_head`. */
function headName(prefix: string): string {
  return `${prefix.replace(/model\.$/, '')}lm_head.weight`;
}
