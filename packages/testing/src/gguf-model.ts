import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16, type Random } from '@namm/core';
import {
  blockLayout,
  type GgufTensorData,
  type GgufTypedValue,
  openSafetensors,
  serializeGguf,
} from '@namm/tensors';

/** What a Hugging Face folder holds, as it is stored. */
export interface FolderContents {
  // biome-ignore lint/suspicious/noExplicitAny: whatever stands in config.json
  readonly config: Record<string, any>;
  /** By the names of transformers, row-major. */
  readonly tensors: Map<string, GgufTensorData>;
}

/** Reads all of a small model folder: one file of weights, or shards. */
export async function readFolder(folder: string): Promise<FolderContents> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const tensors = new Map<string, GgufTensorData>();
  for (const file of await readdir(folder)) {
    if (!/^model.*\.safetensors$/.test(file)) continue;
    const opened = await openSafetensors(join(folder, file));
    for (const { name, dtype, shape } of opened.tensors.values()) {
      tensors.set(name, { type: dtype, shape, bytes: await opened.readBytes(name) });
    }
  }
  return { config, tensors };
}

/** Random blocks of a type for a matrix: any bytes, but scales that are finite and small. */
export function randomBlocks(
  type: string,
  shape: readonly number[],
  random: Random,
): GgufTensorData {
  const { blockSize, blockBytes } = blockLayout(type)!;
  const count = shape.reduce((product, n) => product * n, 1) / blockSize;
  const bytes = Uint8Array.from({ length: count * blockBytes }, () => random.integer(256));
  for (let i = 0; i < count; i++) {
    for (const at of scalesOf[type]!) {
      const scale = Float32Array.of((0.2 + random.uniform()) / sizeOf[type]!);
      bytes.set(new Uint8Array(float32ToFloat16(scale).buffer), i * blockBytes + at);
    }
  }
  return { type, shape, bytes };
}

/** Where the half-precision scales of a block stand, and how large its numbers become without them. */
const scalesOf: Readonly<Record<string, readonly number[]>> = {
  ...{ Q8_0: [0], Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], IQ4_NL: [0] },
  ...{ Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208] },
};
const sizeOf: Readonly<Record<string, number>> = {
  ...{ Q8_0: 500, Q4_0: 40, Q4_1: 80, Q5_0: 80, Q5_1: 160, IQ4_NL: 500 },
  ...{ Q2_K: 200, Q3_K: 300, Q4_K: 3000, Q5_K: 6000, Q6_K: 10_000 },
};

/** Names of the architectures that are not those of their families. */
const architectures: Readonly<Record<string, string>> = { mistral: 'llama', gemma3_text: 'gemma3' };

/**
 * Writes a model as llama.cpp's converter does: with its names, rows of queries and keys interleaved for Llama
 * and its kin, 1 added to Gemma's norms, and GPT-2's matrices transposed.
 *
 * @param path of the file
 * @param contents the model, some of its matrices perhaps in blocks
 * @param more metadata that differs; null leaves a key out
 */
export async function writeGgufModel(
  path: string,
  { config, tensors }: FolderContents,
  more: Readonly<Record<string, GgufTypedValue | null>> = {},
): Promise<void> {
  const { metadata, tensors: converted } = ggufModel({ config, tensors });
  const all = Object.entries({ ...metadata, ...more }).filter(([, value]) => value !== null);
  await writeFile(path, serializeGguf(Object.fromEntries(all) as typeof metadata, converted));
}

/** As {@link writeGgufModel}, before it becomes bytes. */
export function ggufModel({ config, tensors }: FolderContents): {
  metadata: Record<string, GgufTypedValue>;
  tensors: [string, GgufTensorData][];
} {
  const family: string = config.model_type;
  const arch = architectures[family] ?? family;
  const isGpt2 = family === 'gpt2';
  const isLfm2 = family === 'lfm2';
  const heads: number = config.num_attention_heads ?? config.n_head;
  const hidden: number = config.hidden_size ?? config.n_embd;
  const groups: number = config.num_key_value_heads ?? heads;
  const headSize: number =
    config.head_dim ?? (/^(gemma|qwen3)/.test(family) ? 256 : hidden / heads);
  const rotated = Math.trunc(
    headSize * (config.rope_parameters?.partial_rotary_factor ?? config.partial_rotary_factor ?? 1),
  );
  const uint = (value: number): GgufTypedValue => ({ type: 'uint32', value });
  const float = (value: number): GgufTypedValue => ({ type: 'float32', value });
  const text = (value: string): GgufTypedValue => ({ type: 'text', value });
  const rope = ropeOf(config, rotated);
  const innerSize = tensors.get('model.layers.0.feed_forward.w1.weight')?.shape[0];
  const metadata: Record<string, GgufTypedValue> = {
    'general.architecture': text(arch),
    'general.name': text('a model of the tests'),
    [`${arch}.context_length`]: uint(config.max_position_embeddings ?? config.n_positions),
    [`${arch}.embedding_length`]: uint(hidden),
    [`${arch}.block_count`]: uint(config.num_hidden_layers ?? config.n_layer),
    [`${arch}.feed_forward_length`]: uint(
      innerSize ?? config.intermediate_size ?? config.n_inner ?? 4 * hidden,
    ),
    [`${arch}.attention.head_count`]: uint(heads),
    ...(isGpt2
      ? { [`${arch}.attention.layer_norm_epsilon`]: float(config.layer_norm_epsilon) }
      : {
          [`${arch}.attention.head_count_kv`]: isLfm2
            ? groupsOf(tensors, config, groups)
            : uint(groups),
          ...(isLfm2 ? { 'lfm2.shortconv.l_cache': uint(config.conv_L_cache) } : {}),
          [`${arch}.attention.key_length`]: uint(headSize),
          [`${arch}.attention.value_length`]: uint(headSize),
          [`${arch}.attention.layer_norm_rms_epsilon`]: float(
            config.rms_norm_eps ?? config.norm_eps,
          ),
          [`${arch}.rope.dimension_count`]: uint(rotated),
          [`${arch}.rope.freq_base`]: float(rope.base),
        }),
    ...Object.fromEntries(
      Object.entries(rope.scaling).map(([key, value]) => [
        `${arch}.rope.scaling.${key}`,
        typeof value === 'string'
          ? text(value)
          : key.includes('length')
            ? uint(value)
            : float(value),
      ]),
    ),
    ...(config.sliding_window
      ? { [`${arch}.attention.sliding_window`]: uint(config.sliding_window) }
      : {}),
    ...(config.sliding_window_pattern
      ? { [`${arch}.attention.sliding_window_pattern`]: uint(config.sliding_window_pattern) }
      : {}),
    ...(config.attn_logit_softcapping
      ? { [`${arch}.attn_logit_softcapping`]: float(config.attn_logit_softcapping) }
      : {}),
    ...(config.final_logit_softcapping
      ? { [`${arch}.final_logit_softcapping`]: float(config.final_logit_softcapping) }
      : {}),
  };
  const converted: [string, GgufTensorData][] = [];
  for (const [name, tensor] of tensors) {
    const short = name.replace(/^(model|transformer)\./, '');
    if (/(\.attn\.(masked_)?bias|inv_freq)$/.test(short)) continue;
    const isUntied = config.tie_word_embeddings === false || config.tie_embedding === false;
    const isTiedCopy = short === 'lm_head.weight' && !isUntied;
    if (isTiedCopy && (isGpt2 || config.tie_word_embeddings)) continue;
    let changed = tensor;
    if (['llama', 'smollm3'].includes(arch) && /\.[qk]_proj\./.test(short)) {
      changed = interleaved(tensor, headSize);
    }
    if (isGpt2 && /\.c_(attn|proj|fc)\.weight$/.test(short)) changed = transposed(tensor);
    if (changed.shape.length === 1) {
      const offset = family.startsWith('gemma') && /norm\.weight$/.test(short) ? 1 : 0;
      const data = numbersOf(changed).map((n) => n + offset);
      changed = { type: 'F32', shape: changed.shape, bytes: new Uint8Array(data.buffer) };
    }
    if (/\.conv\.conv\.weight$/.test(short)) {
      changed = { ...changed, shape: [changed.shape[0]!, changed.shape[2]!] };
    }
    converted.push([nameOf(short, family), changed]);
  }
  for (const [name, factors] of Object.entries(rope.factors)) {
    const bytes = new Uint8Array(Float32Array.from(factors).buffer);
    converted.push([`${name}.weight`, { type: 'F32', shape: [factors.length], bytes }]);
  }
  return { metadata, tensors: converted };
}

/** LFM2 says its key and value heads layer by layer: 0 where there is no attention. */
function groupsOf(
  tensors: FolderContents['tensors'],
  { num_hidden_layers: layers }: FolderContents['config'],
  groups: number,
): GgufTypedValue {
  const value = Array.from({ length: layers }, (_, layer): GgufTypedValue => {
    const attends = tensors.has(`model.layers.${layer}.self_attn.q_proj.weight`);
    return { type: 'uint32', value: attends ? groups : 0 };
  });
  return { type: 'list', value };
}

function nameOf(short: string, family: string): string {
  const isAround = family.startsWith('gemma') || family === 'olmo2';
  const names: Readonly<Record<string, string>> = {
    ...{ embed_tokens: 'token_embd', wte: 'token_embd', wpe: 'position_embd' },
    ...{ norm: 'output_norm', ln_f: 'output_norm', lm_head: 'output' },
    ...{ input_layernorm: 'attn_norm', ln_1: 'attn_norm', ln_2: 'ffn_norm' },
    ...{ 'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v' },
    ...{ 'self_attn.o_proj': 'attn_output', 'attn.c_proj': 'attn_output' },
    ...{ 'self_attn.qkv_proj': 'attn_qkv', 'attn.c_attn': 'attn_qkv' },
    ...{ 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm' },
    post_attention_layernorm: isAround ? 'post_attention_norm' : 'ffn_norm',
    ...{ pre_feedforward_layernorm: 'ffn_norm', post_feedforward_layernorm: 'post_ffw_norm' },
    ...{ 'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up', 'mlp.gate_up_proj': 'ffn_up' },
    ...{ operator_norm: 'attn_norm', ffn_norm: 'ffn_norm', embedding_norm: 'token_embd_norm' },
    ...{ 'self_attn.out_proj': 'attn_output', 'self_attn.q_layernorm': 'attn_q_norm' },
    ...{ 'self_attn.k_layernorm': 'attn_k_norm', 'conv.in_proj': 'shortconv.in_proj' },
    ...{ 'conv.conv': 'shortconv.conv', 'conv.out_proj': 'shortconv.out_proj' },
    ...{
      'feed_forward.w1': 'ffn_gate',
      'feed_forward.w2': 'ffn_down',
      'feed_forward.w3': 'ffn_up',
    },
    ...{ 'mlp.c_fc': 'ffn_up', 'mlp.down_proj': 'ffn_down', 'mlp.c_proj': 'ffn_down' },
  };
  const [, layer, part, kind] = /^(?:(?:layers|h)\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(short)!;
  if (names[part!] === undefined) throw new Error(`no name for ${short}`);
  return `${layer === undefined ? '' : `blk.${layer}.`}${names[part!]}.${kind}`;
}

interface Rope {
  base: number;
  /** Metadata below `rope.scaling.`. */
  scaling: Record<string, string | number>;
  /** Tensors. */
  factors: Record<string, number[]>;
}

function ropeOf(config: FolderContents['config'], rotated: number): Rope {
  const both = config.rope_parameters?.full_attention ?? config.rope_parameters ?? {};
  const given = { ...(config.rope_scaling ?? {}), ...both };
  const usual = { gemma3_text: 1e6, smollm3: 2e6 }[config.model_type as string] ?? 1e4;
  const base = given.rope_theta ?? config.rope_theta ?? usual;
  const type = given.rope_type ?? given.type ?? 'default';
  const trained = config.original_max_position_embeddings ?? given.original_max_position_embeddings;
  const length = trained === undefined ? {} : { original_context_length: trained };
  switch (type) {
    case 'linear':
    case 'yarn':
      return { base, scaling: { type, factor: given.factor, ...length }, factors: {} };
    case 'longrope': {
      const extension = config.max_position_embeddings / trained;
      const attn_factor = Math.sqrt(1 + Math.log(extension) / Math.log(trained));
      const factors = {
        rope_factors_long: given.long_factor,
        rope_factors_short: given.short_factor,
      };
      return { base, scaling: { ...length, attn_factor }, factors };
    }
    case 'llama3': {
      const factors = Array.from({ length: rotated / 2 }, (_, i) => {
        const wavelength = 2 * Math.PI * base ** ((2 * i) / rotated);
        if (wavelength < trained / given.high_freq_factor) return 1;
        if (wavelength > trained / given.low_freq_factor) return given.factor;
        const { low_freq_factor: low, high_freq_factor: high } = given;
        const smooth = (trained / wavelength - low) / (high - low);
        return 1 / ((1 - smooth) / given.factor + smooth);
      });
      return { base, scaling: {}, factors: { rope_freqs: factors } };
    }
    default:
      return { base, scaling: {}, factors: {} };
  }
}

/** The rows of each head, those of its two halves in turns. */
function interleaved(tensor: GgufTensorData, headSize: number): GgufTensorData {
  const rows = tensor.shape[0]!;
  const rowBytes = tensor.bytes.length / rows;
  const bytes = new Uint8Array(tensor.bytes.length);
  let target = 0;
  for (let head = 0; head < rows / headSize; head++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      for (const half of [0, 1]) {
        const row = head * headSize + half * (headSize / 2) + pair;
        bytes.set(tensor.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), target++ * rowBytes);
      }
    }
  }
  return { ...tensor, bytes };
}

function transposed(tensor: GgufTensorData): GgufTensorData {
  const [rows, columns] = tensor.shape as [number, number];
  const size = tensor.bytes.length / rows / columns;
  const bytes = new Uint8Array(tensor.bytes.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const from = (r * columns + c) * size;
      bytes.set(tensor.bytes.subarray(from, from + size), (c * rows + r) * size);
    }
  }
  return { type: tensor.type, shape: [columns, rows], bytes };
}

function numbersOf({ type, bytes }: GgufTensorData): Float32Array {
  const { buffer } = bytes.slice();
  if (type === 'F16') return float16ToFloat32(new Uint16Array(buffer));
  return type === 'BF16' ? bfloat16ToFloat32(new Uint16Array(buffer)) : new Float32Array(buffer);
}
