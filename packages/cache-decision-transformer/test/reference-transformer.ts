import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors } from '@namm/tensors';

type Matrix = readonly (readonly number[])[];

/** One token: what is embedded and summed, and its timestep. */
export interface ReferenceToken {
  readonly parts: readonly (readonly ['return' | 'state' | 'action', readonly number[]])[];
  readonly timestep: number;
}

/** Whether the query token of one head may see the key token, as far as eviction goes. */
export type Sees = (layer: number, head: number, query: number, key: number) => boolean;

/**
 * The slow, obvious Decision Transformer that the fast one is held to: all tokens at once, evicted ones masked
 * instead of removed, plain loops in double precision. Reads what `randomDecisionTransformer` writes.
 *
 * @param folder of the model
 * @param tokens the sequence
 * @param sees causality aside
 * @returns per token the action that would be read from it, `[tokens][actionSize]`
 */
export async function referenceActions(
  folder: string,
  tokens: readonly ReferenceToken[],
  sees: Sees = () => true,
): Promise<number[][]> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const file = await openSafetensors(join(folder, 'model.safetensors'));
  const vector = async (name: string) => [...(await file.readFloat64(name))];
  const matrix = async (name: string): Promise<Matrix> => {
    const [rows = 0, columns = 0] = file.entry(name).shape;
    const flat = await vector(name);
    return Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
  };
  /** PyTorch's Linear, `[outputs, inputs]`. */
  const linear = async (name: string, x: readonly number[]) => {
    const bias = await vector(`${name}.bias`);
    return (await matrix(`${name}.weight`)).map((row, i) => dot(row, x) + bias[i]!);
  };
  /** GPT-2's Conv1D, `[inputs, outputs]`. */
  const convolution = async (name: string, rows: Matrix) => {
    const bias = await vector(`${name}.bias`);
    const columns = transpose(await matrix(`${name}.weight`));
    return rows.map((row) => columns.map((column, i) => dot(column, row) + bias[i]!));
  };
  const norm = async (name: string, rows: Matrix, epsilon: number) => {
    const [weight, bias] = [await vector(`${name}.weight`), await vector(`${name}.bias`)];
    return rows.map((row) => {
      const mean = row.reduce((a, b) => a + b) / row.length;
      const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
      return row.map(
        (x, i) => ((x - mean) / Math.sqrt(variance + epsilon)) * weight[i]! + bias[i]!,
      );
    });
  };

  const epsilon = config.layer_norm_epsilon ?? 1e-5;
  const heads: number = config.n_head ?? 1;
  const size = config.hidden_size / heads;
  const times = await matrix('embed_timestep.weight');
  const [first] = await matrix('encoder.wpe.weight');
  const sums: number[][] = [];
  for (const { parts, timestep } of tokens) {
    let row = [...times[timestep]!];
    for (const [kind, values] of parts) row = add(row, await linear(`embed_${kind}`, values));
    sums.push(row);
  }
  let hidden: Matrix = (await norm('embed_ln', sums, 1e-5)).map((row) => add(row, first!));
  for (let layer = 0; layer < config.n_layer; layer++) {
    const at = `encoder.h.${layer}`;
    const normed = await norm(`${at}.ln_1`, hidden, epsilon);
    const all = await convolution(`${at}.attn.c_attn`, normed);
    const scale =
      (config.scale_attn_weights === false ? 1 : 1 / Math.sqrt(size)) /
      (config.scale_attn_by_inverse_layer_idx === true ? layer + 1 : 1);
    const part = (token: number, which: number, head: number) => {
      const start = which * config.hidden_size + head * size;
      return all[token]!.slice(start, start + size);
    };
    const attended = tokens.map((_, query) => {
      const row: number[] = [];
      for (let head = 0; head < heads; head++) {
        const keys = tokens
          .map((__, key) => key)
          .filter((key) => key <= query && sees(layer, head, query, key));
        const scores = keys.map((key) => scale * dot(part(query, 0, head), part(key, 1, head)));
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((a, b) => a + b);
        for (let i = 0; i < size; i++) {
          const mixed = keys.reduce((sum, key, n) => sum + weights[n]! * part(key, 2, head)[i]!, 0);
          row.push(mixed / total);
        }
      }
      return row;
    });
    const projected = await convolution(`${at}.attn.c_proj`, attended);
    hidden = hidden.map((row, i) => add(row, projected[i]!));
    const inner = await convolution(`${at}.mlp.c_fc`, await norm(`${at}.ln_2`, hidden, epsilon));
    const activate = activations[(config.activation_function as 'relu') ?? 'relu'];
    const active = inner.map((row) => row.map(activate));
    const fed = await convolution(`${at}.mlp.c_proj`, active);
    hidden = hidden.map((row, i) => add(row, fed[i]!));
  }
  const actions: number[][] = [];
  for (const row of await norm('encoder.ln_f', hidden, epsilon)) {
    const action = await linear('predict_action.0', row);
    actions.push(config.action_tanh === false ? action : action.map(Math.tanh));
  }
  return actions;
}

const activations = {
  relu: (x: number) => Math.max(0, x),
  gelu_new: (x: number) =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((x, i) => x + b[i]!);
}

function transpose(rows: Matrix): Matrix {
  return rows[0]!.map((_, column) => rows.map((row) => row[column]!));
}
