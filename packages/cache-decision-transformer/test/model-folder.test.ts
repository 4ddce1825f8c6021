import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFolderError, NonFiniteError } from '@namm/decoder';
import { openSafetensors, type TensorData, writeSafetensors } from '@namm/tensors';
import { afterAll, expect, it } from 'vitest';
import { DecisionTransformer } from '../src/index.js';
import {
  asked,
  largestDifference,
  play,
  randomFolder,
  removeFolders,
  script,
  temporaryFolder,
} from './helpers.js';

afterAll(removeFolders);

type Tensors = Map<string, TensorData>;

/** A copy of a random model with other tensors. */
async function changed(
  change: (tensors: Tensors) => void,
  config: Record<string, unknown> = {},
): Promise<string> {
  const folder = await temporaryFolder();
  await cp(await randomFolder(), folder, { recursive: true });
  const weights = join(folder, 'model.safetensors');
  const file = await openSafetensors(weights);
  const tensors: Tensors = new Map();
  for (const [name, { shape }] of file.tensors) {
    tensors.set(name, { shape, data: await file.readFloat32(name) });
  }
  change(tensors);
  await writeSafetensors(weights, tensors);
  const path = join(folder, 'config.json');
  const values = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...values, ...config }));
  return folder;
}

async function saidBy(folder: string): Promise<number[][]> {
  const transformer = await DecisionTransformer.load(folder, { threads: 1 });
  const said = await play(transformer, transformer.createEpisode(asked), script(1, 4));
  await transformer.release();
  return said;
}

function rename(tensors: Tensors, to: (name: string) => string): void {
  const all = [...tensors];
  tensors.clear();
  for (const [name, tensor] of all) tensors.set(to(name), tensor);
}

const mask: TensorData = { shape: [1, 1, 4, 4], data: new Uint8Array(16), dtype: 'U8' };
const one: TensorData = { shape: [1], data: Float32Array.of(-1e4) };

it('reads the names there are, and passes over what says nothing', async () => {
  const usual = await saidBy(await randomFolder());
  const same: ((tensors: Tensors) => void)[] = [
    (tensors) => rename(tensors, (name) => `decision_transformer.${name}`),
    (tensors) => rename(tensors, (name) => `model.${name}`),
    (tensors) => rename(tensors, (name) => name.replace('encoder.', 'transformer.')),
    (tensors) => {
      tensors.set('encoder.wte.weight', { shape: [1, 12], data: new Float32Array(12).fill(7) });
      for (const layer of [0, 1]) {
        tensors.set(`encoder.h.${layer}.attn.bias`, mask);
        tensors.set(`encoder.h.${layer}.attn.masked_bias`, one);
      }
    },
    // As many rows as n_positions says; only the first is ever used.
    (tensors) => {
      const { data } = tensors.get('encoder.wpe.weight')!;
      const rows = new Float32Array(36).fill(9);
      rows.set(data as Float32Array);
      tensors.set('encoder.wpe.weight', { shape: [3, 12], data: rows });
    },
  ];
  for (const change of same) expect(await saidBy(await changed(change))).toEqual(usual);
});

it('adds no position where the published code has none', async () => {
  const published = (tensors: Tensors) => {
    tensors.delete('encoder.wpe.weight');
    rename(tensors, (name) => name.replace('encoder.', 'transformer.'));
  };
  const zeros = (tensors: Tensors) => {
    tensors.set('encoder.wpe.weight', { shape: [1, 12], data: new Float32Array(12) });
  };
  const said = await saidBy(await changed(published));
  expect(said).toEqual(await saidBy(await changed(zeros)));
  expect(largestDifference(said, await saidBy(await randomFolder()))).toBeGreaterThan(1e-3);
});

it.each<[string, (tensors: Tensors) => void, RegExp]>([
  ['no positions', (all) => all.delete('encoder.wpe.weight'), /lack encoder\.wpe\.weight/],
  ['no state', (all) => all.delete('embed_state.weight'), /lack embed_state\.weight/],
  ['no last norm', (all) => all.delete('encoder.ln_f.weight'), /lack encoder\.ln_f\.weight/],
  ['no head', (all) => all.delete('predict_action.0.bias'), /lack predict_action\.0\.bias/],
  [
    'no matrix',
    (all) => all.delete('encoder.h.1.mlp.c_fc.weight'),
    /lack encoder\.h\.1\.mlp\.c_fc/,
  ],
  ['another token', (all) => all.set('embed_adv_action.weight', one), /embed_adv_action\.weight/],
  ['an adapter', (all) => all.set('encoder.h.0.attn.lora.weight', one), /lora/],
  [
    'another state size',
    (all) => all.set('embed_state.weight', { shape: [12, 5], data: new Float32Array(60) }),
    /embed_state\.weight has shape \[12,5\] where the configuration calls for \[12,4\]/,
  ],
  [
    'numbers that are not finite',
    (all) => all.get('embed_ln.weight')!.data.fill(Number.NaN as never),
    /embed_ln\.weight holds numbers that are not finite/,
  ],
])('refuses weights with %s', async (_, change, message) => {
  const loading = DecisionTransformer.load(await changed(change));
  await expect(loading).rejects.toThrow(ModelFolderError);
  await expect(DecisionTransformer.load(await changed(change))).rejects.toThrow(message);
});

it('names a weight of a layer that is not finite when it shows', async () => {
  const folder = await changed((all) => {
    all.get('encoder.h.0.mlp.c_fc.weight')!.data.fill(Number.NaN as never);
  });
  await expect(saidBy(folder)).rejects.toThrow(NonFiniteError);
  await expect(saidBy(folder)).rejects.toThrow('encoder.h.0.mlp.c_fc.weight');
});

it.each<[Record<string, unknown>, RegExp]>([
  [{ model_type: 'gpt2' }, /model_type: 'gpt2' is not decision_transformer/],
  [{ add_cross_attention: true }, /add_cross_attention/],
  [{ return_conditioning: 'sometimes' }, /return_conditioning: 'sometimes'/],
  [{ activation_function: 'mish' }, /activation_function: 'mish'/],
  [{ n_head: 5 }, /hidden_size: 12 is not a multiple of n_head \(5\)/],
  [{ state_dim: 0 }, /state_dim/],
  [{ act_dim: 2 }, /predict_action\.0|embed_action/],
  [{ max_ep_len: 50 }, /embed_timestep\.weight has shape \[40,12\]/],
  [{ action_tanh: 'yes' }, /action_tanh/],
])('refuses a configuration with %j', async (config, message) => {
  const folder = await changed(() => {}, config);
  await expect(DecisionTransformer.load(folder)).rejects.toThrow(ModelFolderError);
  await expect(DecisionTransformer.load(folder)).rejects.toThrow(message);
});

it('has the defaults of transformers', async () => {
  const usual = await randomFolder({ heads: 1, layers: 3 });
  const expected = await saidBy(usual);
  const path = join(usual, 'config.json');
  const { state_dim, act_dim, hidden_size } = JSON.parse(await readFile(path, 'utf8'));
  const short = { model_type: 'decision_transformer', state_dim, act_dim, hidden_size };
  await writeFile(path, JSON.stringify(short));
  expect(await saidBy(usual)).toEqual(expected);
});

const agent = {
  actions: 'continuous',
  mean: [1, 2, 3, 4],
  deviation: [1, 1, 2, 2],
  returnScale: 2,
  targetReturn: 5,
  timesteps: 'absolute',
  context: 20,
  environment: { name: 'hopper' },
};

it('takes what agent.json says as defaults', async () => {
  const folder = await randomFolder();
  await writeFile(join(folder, 'agent.json'), JSON.stringify(agent));
  const transformer = await DecisionTransformer.load(folder, { threads: 1 });
  const { mean, deviation } = agent;
  expect(transformer.agent).toEqual({
    ...{ actions: 'continuous', normalisation: { mean, deviation }, returnScale: 2 },
    ...{ targetReturn: 5, timesteps: 'absolute', context: 20 },
  });
  const said = await play(transformer, transformer.createEpisode(), script(1, 4));
  const told = { targetReturn: 5, returnScale: 2, normalisation: { mean, deviation } };
  expect(await play(transformer, transformer.createEpisode(told), script(1, 4))).toEqual(said);
  expect(await play(transformer, transformer.createEpisode(asked), script(1, 4))).not.toEqual(said);
  await transformer.release();
});

it.each<[Record<string, unknown>, RegExp]>([
  [{ deviation: [1, 1, 1, 1, 5] }, /agent\.json: deviation: has 5 numbers where a state has 4/],
  [{ mean: 3 }, /mean: is not a list/],
  [{ deviation: [1, 0, 1, 1] }, /deviation\[1\]: 0 is not a positive number/],
  [{ returnScale: 0 }, /returnScale/],
  [{ targetReturn: '5' }, /targetReturn/],
  [{ timesteps: 'relative' }, /timesteps/],
  [{ context: 1.5 }, /context/],
  [{ actions: undefined }, /actions/],
])('refuses an agent.json with %j', async (change, message) => {
  const folder = await randomFolder();
  await writeFile(join(folder, 'agent.json'), JSON.stringify({ ...agent, ...change }));
  await expect(DecisionTransformer.load(folder)).rejects.toThrow(ModelFolderError);
  await expect(DecisionTransformer.load(folder)).rejects.toThrow(message);
  await writeFile(join(folder, 'agent.json'), '{"actions":');
  await expect(DecisionTransformer.load(folder)).rejects.toThrow(/not valid JSON/);
});
