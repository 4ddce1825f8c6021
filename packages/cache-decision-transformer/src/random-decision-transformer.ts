import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkNames, Random, writeFileAtomic } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';

/** Sizes of a {@link randomDecisionTransformer}. */
export interface RandomDecisionTransformerOptions {
  readonly seed: number;
  readonly stateSize: number;
  readonly actionSize: number;
  /** @defaultValue 64 */
  readonly hiddenSize?: number;
  /** @defaultValue 3 */
  readonly layers?: number;
  /** @defaultValue 1 */
  readonly heads?: number;
  /**
   * Rows of the table of timesteps.
   * @defaultValue 1000
   */
  readonly timesteps?: number;
  /**
   * Whether returns are tokens; see {@link TransformerSpec.returns}.
   * @defaultValue 'tokens'
   */
  readonly returns?: 'tokens' | 'in-states';
  /** More keys of `config.json`, as transformers calls them. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/**
 * Writes a Decision Transformer with random weights in Hugging Face layout, for trying things out and for measurements;
 * it costs as much as a trained one. Matrices are drawn from N(0, 1.5 / √inputs), so that attention is not flat.
 *
 * @param folder created if needed
 * @param options sizes and seed; the same options give the same bytes
 * @throws {InvalidArgumentError} for a bad option
 *
 * @example
 * ```ts
 * await randomDecisionTransformer('models/random', { seed: 1, stateSize: 11, actionSize: 3 });
 * ```
 */
export async function randomDecisionTransformer(
  folder: string,
  options: RandomDecisionTransformerOptions,
): Promise<void> {
  checkNames('randomDecisionTransformer', options, [
    ...(['seed', 'stateSize', 'actionSize', 'hiddenSize', 'layers', 'heads'] as const),
    ...(['timesteps', 'returns', 'config'] as const),
  ]);
  const { stateSize, actionSize, hiddenSize = 64, layers = 3, heads = 1 } = options;
  const { seed, timesteps = 1000, returns = 'tokens', config = {} } = options;
  checkInteger('seed', seed, 0);
  for (const [name, value] of Object.entries({
    stateSize,
    actionSize,
    hiddenSize,
    layers,
    heads,
  })) {
    checkInteger(name, value, 1);
  }
  checkInteger('timesteps', timesteps, 1);
  const values = {
    model_type: 'decision_transformer',
    state_dim: stateSize,
    act_dim: actionSize,
    hidden_size: hiddenSize,
    max_ep_len: timesteps,
    n_positions: 1, // every position id is 0
    n_layer: layers,
    n_head: heads,
    ...(returns === 'tokens' ? {} : { return_conditioning: returns }),
    ...config,
  };
  const inner = typeof config.n_inner === 'number' ? config.n_inner : 4 * hiddenSize;
  const tensors = randomTensors({ ...values, inner }, new Random(seed));
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, 'model.safetensors'), Object.entries(tensors));
  await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(values, null, 1)}\n`);
}

interface Sizes {
  readonly state_dim: number;
  readonly act_dim: number;
  readonly hidden_size: number;
  readonly max_ep_len: number;
  readonly n_layer: number;
  readonly inner: number;
}

function randomTensors(sizes: Sizes, random: Random): Record<string, TensorData> {
  const { hidden_size: hidden, inner } = sizes;
  const tensors: Record<string, TensorData> = {};
  const draw = (name: string, shape: readonly number[], scale: number, mean = 0) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => mean + scale * random.normal());
    tensors[name] = { shape, data };
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    draw(`${name}.weight`, [outputs, inputs], 1.5 / Math.sqrt(inputs));
    draw(`${name}.bias`, [outputs], 0.1);
  };
  // GPT-2 stores its matrices the other way round.
  const convolution = (name: string, inputs: number, outputs: number) => {
    draw(`${name}.weight`, [inputs, outputs], 1.5 / Math.sqrt(inputs));
    draw(`${name}.bias`, [outputs], 0.1);
  };
  const norm = (name: string) => {
    draw(`${name}.weight`, [hidden], 0.2, 1);
    draw(`${name}.bias`, [hidden], 0.1);
  };
  draw('encoder.wpe.weight', [1, hidden], 0.3);
  for (let layer = 0; layer < sizes.n_layer; layer++) {
    const at = `encoder.h.${layer}`;
    norm(`${at}.ln_1`);
    convolution(`${at}.attn.c_attn`, hidden, 3 * hidden);
    convolution(`${at}.attn.c_proj`, hidden, hidden);
    norm(`${at}.ln_2`);
    convolution(`${at}.mlp.c_fc`, hidden, inner);
    convolution(`${at}.mlp.c_proj`, inner, hidden);
  }
  norm('encoder.ln_f');
  draw('embed_timestep.weight', [sizes.max_ep_len, hidden], 0.5);
  linear('embed_return', 1, hidden);
  linear('embed_state', sizes.state_dim, hidden);
  linear('embed_action', sizes.act_dim, hidden);
  norm('embed_ln');
  linear('predict_state', hidden, sizes.state_dim);
  linear('predict_action.0', hidden, sizes.act_dim);
  linear('predict_return', hidden, 1);
  return tensors;
}
