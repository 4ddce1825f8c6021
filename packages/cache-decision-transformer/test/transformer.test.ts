import {
  createPolicy,
  type EvictionPolicy,
  type Probe,
  policyNames,
  randomScorer,
  scoredPolicy,
} from '@namm/kv-cache';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import {
  DecisionTransformer,
  dropOldReturns,
  newestSteps,
  protectSteps,
  stepWindow,
} from '../src/index.js';
import {
  asked,
  largestDifference,
  play,
  randomFolder,
  removeFolders,
  script,
  tokensOf,
  watched,
} from './helpers.js';
import { referenceActions } from './reference-transformer.js';

afterAll(removeFolders);

/** Float32 against double precision. */
const tolerance = 2e-5;

it.each([
  ['as published', {}],
  ['without tanh', { config: { action_tanh: false } }],
  ['three heads, gelu', { heads: 3, config: { activation_function: 'gelu_new' } }],
  ['an epsilon of its own', { config: { layer_norm_epsilon: 0.01 } }],
  ['narrow feed-forward', { config: { n_inner: 7 } }],
  ['unscaled attention', { config: { scale_attn_weights: false } }],
  ['attention scaled by layer', { config: { scale_attn_by_inverse_layer_idx: true } }],
  ['returns in the states', { returns: 'in-states' as const }],
])('says in each step what the slow twin says: %s', async (_, options) => {
  const folder = await randomFolder(options);
  const transformer = await DecisionTransformer.load(folder, { threads: 1 });
  const { spec } = transformer;
  const told = script(2, 7);
  const said = await play(transformer, transformer.createEpisode(asked), told);
  const tokens = tokensOf(told, spec.returns);
  const period = transformer.rowKinds.length;
  const reference = await referenceActions(folder, tokens);
  const wanted = reference.filter((__, token) => token % period === period - 2);
  expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
  // The same steps in one pass.
  const toGo = told.rewards.map((__, i) => told.rewards.slice(0, i).reduce((a, b) => a - b, 5) / 2);
  const { actions } = await transformer.read(transformer.createCache(), {
    states: Float32Array.from(told.states.flat()),
    actions: Float32Array.from(told.actions.flat()),
    returnsToGo: Float32Array.from(toGo),
    timesteps: told.states.map((__, i) => i),
  });
  expect(largestDifference([[...actions]], [wanted.flat()])).toBeLessThan(tolerance);
  await transformer.release();
});

const ours: Record<string, () => EvictionPolicy> = {
  'drop-old-returns': dropOldReturns,
  'step-window': () => stepWindow(2),
  'newest-steps': () => newestSteps({ returns: 2, states: 5, actions: 1 }),
  'random, newest step protected': () =>
    scoredPolicy({ scorer: protectSteps(randomScorer(3)), budget: 6 }),
  'random, states protected': () =>
    scoredPolicy({
      ...{ budget: 7, updateInterval: 4 },
      scorer: protectSteps(randomScorer(3), { steps: 'all', kinds: ['state'] }),
    }),
};

/** Three models, each loaded once for every probe. */
const loaded = new Map<string, Promise<{ folder: string; transformer: DecisionTransformer }>>();
const folders = new Map<number, Promise<string>>();

function modelFor(seed: number, probe: Probe) {
  const model = seed % 3;
  const folder = folders.get(model) ?? randomFolder({ seed: model });
  folders.set(model, folder);
  const key = `${model} ${JSON.stringify(probe)}`;
  const known =
    loaded.get(key) ??
    folder.then(async (path) => {
      return {
        folder: path,
        transformer: await DecisionTransformer.load(path, { probe, threads: 1 }),
      };
    });
  loaded.set(key, known);
  return known;
}

afterAll(async () => {
  for (const model of loaded.values()) await (await model).transformer.release();
});

it.each([...policyNames, ...Object.keys(ours)])(
  'evicts exactly what %s drops: as the slow twin with those tokens masked',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 3, max: 9 }), async (seed, steps) => {
        const { policy, sees } = watched(ours[name]?.() ?? createPolicy(name, { budget: 5, seed }));
        const { folder, transformer } = await modelFor(seed, policy.probe);
        const told = script(seed, steps);
        const said = await play(transformer, transformer.createEpisode({ ...asked, policy }), told);
        const reference = await referenceActions(folder, tokensOf(told), sees);
        const wanted = reference.filter((_, token) => token % 3 === 1);
        expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
      }),
      { numRuns: 4 },
    );
  },
);
