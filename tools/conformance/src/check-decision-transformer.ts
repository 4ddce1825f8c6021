import { DecisionTransformer, type Trajectory } from '@namm/cache-decision-transformer';
import type { FloatArray } from '@namm/core';
import type { SafetensorsFile } from '@namm/tensors';
import { denseAttention, keepPositions, layerRows } from './cache-contents.js';
import { largestDifference } from './largest-difference.js';
import type { Check } from './model-checks.js';
import { recordingPolicy } from './recording-policy.js';

const tolerance = 1e-4;
const attentionTolerance = 1e-5;

/** `fixture.json` of a Decision Transformer. */
export interface DecisionTransformerFacts {
  /** Which episode of the batch goes on, and what is kept of its tokens per layer and head. */
  readonly evict: {
    readonly row: number;
    readonly keep: readonly (readonly (readonly number[])[])[];
  };
}

/** What an independent implementation computed for a Decision Transformer. */
export interface DecisionTransformerFixture {
  readonly facts: DecisionTransformerFacts;
  readonly expected: SafetensorsFile;
}

/** Compares everything that a fixture holds of a Decision Transformer with what the package computes. */
export async function* checkDecisionTransformer(
  folder: string,
  fixture: DecisionTransformerFixture,
): AsyncIterable<Check> {
  const transformer = await DecisionTransformer.load(folder, {
    probe: recordingPolicy(() => {}).probe,
  });
  try {
    const episodes = await readEpisodes(fixture.expected, 'in');
    for (const [row, episode] of episodes.entries()) {
      yield* checkEpisode(transformer, fixture.expected, row, episode);
      yield* checkStepwise(transformer, row, episode.trajectory);
    }
    yield* checkEviction(transformer, fixture, episodes, 'chunk');
  } finally {
    await transformer.release();
  }
  // Chunks of one token: one by one.
  const single = await DecisionTransformer.load(folder, { chunkSize: 1 });
  try {
    const episodes = await readEpisodes(fixture.expected, 'in');
    yield* checkEviction(single, fixture, episodes, 'step');
  } finally {
    await single.release();
  }
}

/** The steps of an episode that are not padding. */
interface FixtureEpisode {
  readonly trajectory: Trajectory;
  /** Steps of padding on the left. */
  readonly first: number;
  /** Steps with the padding. */
  readonly length: number;
}

async function readEpisodes(file: SafetensorsFile, prefix: string): Promise<FixtureEpisode[]> {
  const part = (name: string) => file.readFloat32(`${prefix}.${name}`);
  const [batch = 0, length = 0] = file.entry(`${prefix}.returns_to_go`).shape;
  const states = await part('states');
  const actions = await part('actions');
  const returnsToGo = await part('returns_to_go');
  const timesteps = await readIntegers(file, `${prefix}.timesteps`);
  const hasMask = file.tensors.has(`${prefix}.attention_mask`);
  const mask = hasMask ? await readIntegers(file, `${prefix}.attention_mask`) : null;
  return Array.from({ length: batch }, (_, row) => {
    const first = mask === null ? 0 : mask.slice(row * length, (row + 1) * length).indexOf(1);
    const cut = <T>(all: { slice(from: number, to: number): T; readonly length: number }) => {
      const size = all.length / batch / length;
      return all.slice((row * length + first) * size, (row + 1) * length * size);
    };
    const trajectory = {
      states: cut(states),
      actions: cut(actions),
      returnsToGo: cut(returnsToGo),
      timesteps: cut(timesteps),
    };
    return { trajectory, first, length };
  });
}

async function readIntegers(file: SafetensorsFile, name: string): Promise<number[]> {
  const bytes = await file.readBytes(name);
  return Array.from(new BigInt64Array(bytes.slice().buffer as ArrayBuffer), Number);
}

/** One pass over a whole episode: predictions, hidden states, attention, keys and values. */
async function* checkEpisode(
  transformer: DecisionTransformer,
  expected: SafetensorsFile,
  row: number,
  { trajectory, first, length }: FixtureEpisode,
): AsyncIterable<Check> {
  const attention: (readonly FloatArray[])[] = [];
  const policy = recordingPolicy((layer, { kind, ...seen }) => {
    if (kind === 'lastQueries') attention[layer] = seen.heads;
  });
  const cache = transformer.createCache({ policy });
  const predictions = await transformer.read(cache, trajectory);
  const parts = {
    action_preds: predictions.actions,
    state_preds: predictions.states,
    return_preds: predictions.returns,
    last_hidden_state: predictions.hidden,
  };
  for (const [name, actual] of Object.entries(parts)) {
    const all = await expected.readFloat32(name);
    const [batch = 1] = expected.entry(name).shape;
    const size = all.length / batch;
    const wanted = all.subarray(row * size + (first / length) * size, (row + 1) * size);
    yield { name: `${name}[${row}]`, error: largestDifference(actual, wanted), tolerance };
  }
  const total = 3 * length;
  const skipped = 3 * first;
  for (const [layer, heads] of attention.entries()) {
    const actual = denseAttention(cache, heads, layer, total - skipped);
    const all = await expected.readFloat32(`attn.${layer}`);
    const queryHeads = cache.shape.layers[layer]!.queryHeads;
    const wanted: number[] = [];
    for (let query = 0; query < queryHeads * total; query++) {
      if (query % total < skipped) continue;
      const start = (row * queryHeads * total + query) * total;
      wanted.push(...all.subarray(start + skipped, start + total));
    }
    const error = largestDifference(actual, wanted);
    yield { name: `attn.${layer}[${row}]`, error, tolerance: attentionTolerance };
    if (row > 0) continue; // the others have no recorded cache
    for (const [name, part] of [
      ['k', 'keys'],
      ['v', 'values'],
    ] as const) {
      const rows = await expected.readFloat32(`${name}.${layer}`);
      const difference = largestDifference(layerRows(cache, layer, part), rows);
      yield { name: `${name}.${layer}`, error: difference, tolerance };
    }
  }
}

/** An episode acted step by step on the cache must say what one pass over it says. */
async function* checkStepwise(
  transformer: DecisionTransformer,
  row: number,
  { states, actions, returnsToGo }: Trajectory,
): AsyncIterable<Check> {
  const { stateSize, actionSize } = transformer.spec;
  const timesteps = Array.from(returnsToGo, (_, step) => step);
  const whole = await transformer.read(transformer.createCache(), {
    ...{ states, actions, returnsToGo, timesteps },
  });
  const episode = transformer.createEpisode({
    ...{ targetReturn: returnsToGo[0]!, returnScale: 1, normalisation: null },
  });
  const said: number[] = [];
  for (const step of timesteps) {
    const state = states.subarray(step * stateSize, (step + 1) * stateSize);
    const [decision] = await transformer.step([{ episode, state }]);
    said.push(...decision!.prediction);
    const done = actions.subarray(step * actionSize, (step + 1) * actionSize);
    episode.observe(returnsToGo[step]! - (returnsToGo[step + 1] ?? 0), done);
  }
  await episode.release();
  yield { name: `stepwise[${row}]`, error: largestDifference(said, whole.actions), tolerance };
}

/** Evicts after an episode, then reads on: as one chunk, or token by token. */
async function* checkEviction(
  transformer: DecisionTransformer,
  { facts, expected }: DecisionTransformerFixture,
  episodes: readonly FixtureEpisode[],
  mode: 'chunk' | 'step',
): AsyncIterable<Check> {
  const attention: (readonly FloatArray[])[] = [];
  const policy = recordingPolicy((layer, { kind, ...seen }) => {
    if (kind === 'lastQueries') attention[layer] = seen.heads;
  });
  const cache = transformer.createCache(mode === 'chunk' ? { policy } : {});
  await transformer.read(cache, episodes[facts.evict.row]!.trajectory);
  keepPositions(cache, facts.evict.keep);
  const [next] = await readEpisodes(expected, 'evict.in');
  const predictions = await transformer.read(cache, next!.trajectory);
  const compare = async (name: string, actual: ArrayLike<number>, limit = tolerance) => ({
    name: `${name} (${mode})`,
    error: largestDifference(actual, await expected.readFloat32(name)),
    tolerance: limit,
  });
  yield compare(`evict.${mode}_hidden`, predictions.hidden);
  yield compare('evict.action_preds', predictions.actions);
  for (const [layer, heads] of attention.entries()) {
    const actual = denseAttention(cache, heads, layer, 3 * next!.length);
    yield compare(`evict.attn.${layer}`, actual, attentionTolerance);
  }
}
