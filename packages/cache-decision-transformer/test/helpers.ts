import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import type { EvictionPolicy, PolicyState } from '@namm/kv-cache';
import {
  type AgentEpisode,
  type DecisionTransformer,
  type RandomDecisionTransformerOptions,
  randomDecisionTransformer,
} from '../src/index.js';
import type { ReferenceToken, Sees } from './reference-transformer.js';

/** What the episodes of these tests see. */
const stateSize = 4;
export const actionSize = 3;

/** Small enough for the slow twin. */
const small = {
  ...{ seed: 1, stateSize, actionSize, hiddenSize: 12, layers: 2, heads: 2, timesteps: 40 },
};

const folders: string[] = [];

/** A folder for the tests of a file, which remove it by {@link removeFolders}. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-decision-transformer-'));
  folders.push(folder);
  return folder;
}

/** For `afterAll` of every file that takes a folder: a hook that a test registers while it runs is never called. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** A random model in a folder of its own. */
export async function randomFolder(
  options: Partial<RandomDecisionTransformerOptions> = {},
): Promise<string> {
  const folder = await temporaryFolder();
  await randomDecisionTransformer(folder, { ...small, ...options });
  return folder;
}

/** A made-up environment: what it says depends on the seed alone, so that any model can be held to it. */
export interface Script {
  readonly states: readonly (readonly number[])[];
  readonly rewards: readonly number[];
  /** What is really done, whatever the model chose. */
  readonly actions: readonly (readonly number[])[];
}

export function script(seed: number, steps: number): Script {
  const random = new Random(seed);
  const numbers = (length: number) => Array.from({ length }, () => random.normal());
  return {
    states: Array.from({ length: steps }, () => numbers(stateSize)),
    rewards: numbers(steps),
    actions: Array.from({ length: steps }, () => numbers(actionSize)),
  };
}

const target = 5;
const scale = 2;
/** Options of the episodes of these tests. */
export const asked = { targetReturn: target, returnScale: scale, normalisation: null } as const;

/** Runs steps of a script and returns what the model said in each. */
export async function play(
  transformer: DecisionTransformer,
  episode: AgentEpisode,
  { states, rewards, actions }: Script,
  steps = states.length,
): Promise<number[][]> {
  const said: number[][] = [];
  for (let i = 0; i < steps; i++) {
    const step = episode.steps;
    const [decision] = await transformer.step([{ episode, state: states[step]! }]);
    said.push([...decision!.prediction]);
    episode.observe(rewards[step]!, actions[step]!);
  }
  return said;
}

/** The tokens of a script, for the slow twin; the last step has no action yet. */
export function tokensOf(
  { states, rewards, actions }: Script,
  returns: 'tokens' | 'in-states' = 'tokens',
): ReferenceToken[] {
  let toGo = target;
  return states.flatMap((state, timestep): ReferenceToken[] => {
    const wanted = ['return', [toGo / scale]] as const;
    toGo -= rewards[timestep]!;
    const before: ReferenceToken['parts'][] =
      returns === 'tokens' ? [[wanted], [['state', state]]] : [[['state', state], wanted]];
    return [...before, [['action', actions[timestep]!]] as const].map((parts) => ({
      ...{ parts, timestep },
    }));
  });
}

/** A policy, and what its heads held after each pass: enough for the slow twin to mask by. */
export function watched(policy: EvictionPolicy): { policy: EvictionPolicy; sees: Sees } {
  const passes: { seen: number; held: ReadonlySet<number>[][] }[] = [];
  const watch = (state: PolicyState): PolicyState => ({
    observe: (layer, observation) => state.observe(layer, observation),
    ...(state.spectrumFeeds && { spectrumFeeds: (queries) => state.spectrumFeeds!(queries) }),
    async select(view, onScores) {
      const kept = await state.select(view, onScores);
      const held = view.shape.layers.map(({ keyValueHeads }, layer) =>
        Array.from({ length: keyValueHeads }, (_, head) => {
          const tokens = view.tokens(layer, head);
          const slots = kept[layer]?.[head];
          return new Set(slots ? Array.from(slots, (slot) => tokens[slot]!) : tokens);
        }),
      );
      passes.push({ seen: view.seen, held });
      return kept;
    },
    retain: (kept) => state.retain(kept),
    fork: () => watch(state.fork()),
    save: () => state.save(),
    get bytes() {
      return state.bytes;
    },
  });
  return {
    policy: { ...policy, start: (shape) => watch(policy.start(shape)) },
    sees(layer, head, query, key) {
      const before = passes.findLast(({ seen }) => seen <= query);
      return key >= (before?.seen ?? 0) || before!.held[layer]![head]!.has(key);
    },
  };
}

/** Largest absolute difference; NaN when lengths differ. */
export function largestDifference(a: readonly number[][], b: readonly number[][]): number {
  const [one, other] = [a.flat(), b.flat()];
  if (one.length !== other.length) return Number.NaN;
  return Math.max(...one.map((value, i) => Math.abs(value - other[i]!)));
}
