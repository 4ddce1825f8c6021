import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { CacheUseError } from '@namm/decoder';
import {
  CacheMismatchError,
  createPolicy,
  type EvictionPolicy,
  h2o,
  policyNames,
  RetentionRecorder,
} from '@namm/kv-cache';
import { namm, randomNamm } from '@namm/namm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AgentEpisode,
  DecisionTransformer,
  dropOldReturns,
  EpisodeInputError,
  EpisodeLengthError,
  EpisodeUseError,
  intervalInTokens,
  stepWindow,
} from '../src/index.js';
import {
  actionSize,
  asked,
  largestDifference,
  play,
  randomFolder,
  removeFolders,
  script,
  temporaryFolder,
  tokensOf,
  watched,
} from './helpers.js';
import { referenceActions } from './reference-transformer.js';

afterAll(removeFolders);

const tolerance = 2e-5;
const steps = 12;
const told = script(4, steps);

/** A NAMM of random weights that decides every 16 tokens. */
function randomMemory(): EvictionPolicy {
  const normaliser = {
    shape: [17],
    mean: new Float32Array(17),
    variance: new Float32Array(17).fill(1),
    count: Float64Array.of(1),
  };
  return namm(randomNamm({ seed: 2, updateInterval: 16, normaliser }));
}

const policies: Record<string, () => EvictionPolicy> = {
  ...Object.fromEntries(
    policyNames.map((name) => [name, () => createPolicy(name, { budget: 6, seed: 1 })]),
  ),
  namm: randomMemory,
  'step-window': () => stepWindow(2),
  'drop-old-returns': dropOldReturns,
};

let folder: string;
let transformer: DecisionTransformer;
beforeAll(async () => {
  folder = await randomFolder();
  transformer = await DecisionTransformer.load(folder, { threads: 1 });
});

describe('a window that is computed anew', () => {
  it.each([1, 3, 20])(
    'of %i steps says what the slow twin says of these steps alone',
    async (window) => {
      const said = await play(transformer, transformer.createEpisode({ ...asked, window }), told);
      const tokens = tokensOf(told);
      const wanted: number[][] = [];
      for (let step = 0; step < steps; step++) {
        const part = tokens.slice(3 * Math.max(0, step + 1 - window), 3 * step + 2);
        wanted.push((await referenceActions(folder, part)).at(-1)!);
      }
      expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
    },
  );

  it('holds no rows, and says what it holds instead', async () => {
    const episode = transformer.createEpisode({ ...asked, window: 3 });
    await play(transformer, episode, told);
    expect(episode.memory()).toMatchObject({ rows: 0, stepBytes: 3 * (4 * 8 + 8) });
  });
});

it('evicts exactly what a NAMM drops: as the slow twin with those tokens masked', async () => {
  const { policy, sees } = watched(randomMemory());
  const watching = await DecisionTransformer.load(folder, { probe: policy.probe, threads: 1 });
  const episode = watching.createEpisode({ ...asked, policy });
  const longer = script(9, 30);
  const said = await play(watching, episode, longer);
  expect(episode.memory().rows).toBeLessThan(4 * episode.memory().seen);
  const reference = await referenceActions(folder, tokensOf(longer), sees);
  const wanted = reference.filter((_, token) => token % 3 === 1);
  expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
  await watching.release();
});

describe.each(Object.keys(policies))('an episode under %s', (name) => {
  let loaded: DecisionTransformer;
  let policy: EvictionPolicy;
  let alone: number[][];
  beforeAll(async () => {
    policy = policies[name]!();
    loaded = await DecisionTransformer.load(folder, { probe: policy.probe, threads: 1 });
    alone = await play(loaded, loaded.createEpisode({ ...asked, policy }), told);
    return () => loaded.release();
  });

  it('acts beside others as alone', async () => {
    const scripts = [told, script(5, steps), script(6, steps)];
    const episodes = scripts.map(() => loaded.createEpisode({ ...asked, policy }));
    const said: number[][] = [];
    for (let step = 0; step < steps; step++) {
      const items = episodes.map((episode, i) => ({ episode, state: scripts[i]!.states[step]! }));
      const decisions = await loaded.step(items);
      said.push([...decisions[0]!.prediction]);
      for (const [i, { rewards, actions }] of scripts.entries()) {
        episodes[i]!.observe(rewards[step]!, actions[step]!);
      }
    }
    expect(said).toEqual(alone);
  });

  it('goes on as if it had never been saved or forked, wherever that was', async () => {
    const path = join(await temporaryFolder(), 'episode.safetensors');
    for (const begun of [0, 1, 7]) {
      for (const awaits of ['state', 'reward'] as const) {
        const episode = loaded.createEpisode({ ...asked, policy });
        await play(loaded, episode, told, begun);
        if (awaits === 'reward') await episode.act(told.states[begun]!);
        await episode.save(path);
        const restored = await loaded.restoreEpisode(path, { policy });
        const fork = episode.fork();
        const first = begun + Number(awaits === 'reward');
        for (const one of [restored, fork, episode]) {
          if (awaits === 'reward') one.observe(told.rewards[begun]!, told.actions[begun]!);
          expect(one.steps).toBe(first);
          const said = await play(loaded, one, told, steps - first);
          // Rows that forks share lie apart from the others, so sums over them are rounded otherwise.
          if (one === restored) expect(said).toEqual(alone.slice(first));
          else expect(largestDifference(said, alone.slice(first))).toBeLessThan(tolerance);
          expect(one.memory().keptPerHead).toEqual(restored.memory().keptPerHead);
        }
        for (const one of [restored, fork, episode]) await one.release();
      }
    }
  });
});

it('restores a window', async () => {
  const path = join(await temporaryFolder(), 'episode.safetensors');
  const options = { ...asked, window: 3 };
  const alone = await play(transformer, transformer.createEpisode(options), told);
  const episode = transformer.createEpisode(options);
  await play(transformer, episode, told, 5);
  await episode.save(path);
  const restored = await transformer.restoreEpisode(path);
  expect(await play(transformer, restored, told, 7)).toEqual(alone.slice(5));
  expect(restored.returnToGo).toBeCloseTo(5 - told.rewards.reduce((a, b) => a + b), 12);
});

describe('a saved episode', () => {
  let path: string;
  beforeAll(async () => {
    path = join(await temporaryFolder(), 'episode.safetensors');
    const episode = transformer.createEpisode(asked);
    await play(transformer, episode, told, 3);
    await episode.save(path);
  });

  it('is refused by another model, for another policy, cut off, and where it is none', async () => {
    const other = await DecisionTransformer.load(await randomFolder({ seed: 2 }), { threads: 1 });
    await expect(other.restoreEpisode(path)).rejects.toThrow(CacheMismatchError);
    const policy = stepWindow(2);
    await expect(transformer.restoreEpisode(path, { policy })).rejects.toThrow(CacheMismatchError);
    const bytes = await readFile(path);
    await writeFile(`${path}.cut`, bytes.subarray(0, bytes.length - 9));
    await expect(transformer.restoreEpisode(`${path}.cut`)).rejects.toThrow(FileFormatError);
    await transformer.createCache().save(`${path}.cache`);
    const cache = transformer.restoreEpisode(`${path}.cache`);
    await expect(cache).rejects.toThrow(/episode\.safetensors\.cache.*has no tensor episode/);
    await other.release();
  });
});

describe('states and actions', () => {
  it('normalises states and divides returns', async () => {
    const mean = [1, -2, 0.5, 3];
    const deviation = [2, 0.1, 1, 7];
    const given = told.states.map((state) => state.map((x, i) => x * deviation[i]! + mean[i]!));
    const plain = await play(transformer, transformer.createEpisode(asked), told);
    const options = { ...asked, normalisation: { mean, deviation } };
    const scaled = { ...told, states: given };
    const said = await play(transformer, transformer.createEpisode(options), scaled);
    expect(largestDifference(said, plain)).toBeLessThan(1e-5);
    const doubled = { ...asked, targetReturn: 10, returnScale: 4 };
    const rewards = told.rewards.map((reward) => 2 * reward);
    const twice = await play(transformer, transformer.createEpisode(doubled), { ...told, rewards });
    expect(largestDifference(twice, plain)).toBeLessThan(1e-5);
  });

  it('feeds its own action where nothing else was done, and a discrete one as one-hot', async () => {
    const episode = transformer.createEpisode({ ...asked, actions: 'discrete' });
    const done: number[][] = [];
    const said: number[][] = [];
    for (let step = 0; step < 4; step++) {
      const [decision] = await transformer.step([{ episode, state: told.states[step]! }]);
      const { action, prediction } = decision!;
      const greatest = prediction.indexOf(Math.max(...prediction));
      expect([...action]).toEqual([0, 1, 2].map((i) => (i === greatest ? 1 : 0)));
      said.push([...prediction]);
      done.push([...action]);
      action.fill(9); // the caller's array is the caller's
      episode.observe(told.rewards[step]!);
    }
    const four = { states: told.states.slice(0, 4), rewards: told.rewards, actions: done };
    const reference = await referenceActions(folder, tokensOf(four));
    const wanted = reference.filter((_, token) => token % 3 === 1);
    expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
  });

  it('gives timesteps as asked', async () => {
    const short = await randomFolder({ timesteps: 3 });
    const few = await DecisionTransformer.load(short, { threads: 1 });
    for (const timesteps of ['clamped', 'constant'] as const) {
      const said = await play(few, few.createEpisode({ ...asked, timesteps }), told, 6);
      const six = { ...told, states: told.states.slice(0, 6) };
      const tokens = tokensOf(six).map((token) => {
        const timestep = timesteps === 'clamped' ? Math.min(token.timestep, 2) : 0;
        return { ...token, timestep };
      });
      const reference = await referenceActions(short, tokens);
      const wanted = reference.filter((_, token) => token % 3 === 1);
      expect(largestDifference(said, wanted)).toBeLessThan(tolerance);
    }
    const episode = few.createEpisode(asked);
    await play(few, episode, told, 3);
    const { seen } = episode.memory();
    await expect(episode.act(told.states[3]!)).rejects.toThrow(EpisodeLengthError);
    expect(episode.memory().seen).toBe(seen);
    await few.release();
  });
});

describe('bad input', () => {
  const state = told.states[0]!;
  let episode: AgentEpisode;
  beforeAll(async () => {
    episode = transformer.createEpisode(asked);
    await play(transformer, episode, told, 2);
    return () => episode.release();
  });

  it('is refused before anything changes', async () => {
    const before = { ...episode.memory() };
    const bad = [[1, 2, 3], [...state, 1], [1, Number.NaN, 2, 3], [1, 2, 1e39, 3], []];
    for (const wrong of bad) {
      await expect(episode.act(wrong)).rejects.toThrow(EpisodeInputError);
    }
    for (const wrong of [null, undefined, ['1', 2, 3, 4]] as unknown as number[][]) {
      await expect(episode.act(wrong)).rejects.toThrow(EpisodeInputError);
    }
    await expect(episode.act([1, 2])).rejects.toThrow('has 2 numbers where the model takes 4');
    const good = transformer.createEpisode(asked);
    const items = [
      { episode: good, state },
      { episode, state: [Number.NaN, 0, 0, 0] },
    ];
    await expect(transformer.step(items)).rejects.toThrow(EpisodeInputError);
    expect(good.steps).toBe(0);
    const twice = [
      { episode: good, state },
      { episode: good, state },
    ];
    await expect(transformer.step(twice)).rejects.toThrow(EpisodeUseError);
    expect(episode.memory()).toEqual(before);
    await good.act(state);
    expect(() => good.observe(Number.NaN)).toThrow(EpisodeInputError);
    expect(() => good.observe(1, [1])).toThrow(EpisodeInputError);
    expect(() => good.observe(1, new Array(actionSize).fill(Number.POSITIVE_INFINITY))).toThrow(
      EpisodeInputError,
    );
    good.observe(1);
    expect(good.returnToGo).toBe(4);
  });

  it('is refused out of turn', async () => {
    const one = transformer.createEpisode(asked);
    expect(() => one.observe(1)).toThrow(EpisodeUseError);
    const acting = one.act(state);
    await expect(one.act(state)).rejects.toThrow(EpisodeUseError);
    expect(() => one.fork()).toThrow(EpisodeUseError);
    await expect(one.release()).rejects.toThrow(EpisodeUseError);
    await acting;
    await expect(one.act(state)).rejects.toThrow('awaits the reward of its last action');
    one.observe(1);
    expect(() => one.observe(1)).toThrow(EpisodeUseError);
    const other = await DecisionTransformer.load(folder, { threads: 1 });
    await expect(other.step([{ episode: one, state }])).rejects.toThrow('another model');
    await other.release();
    await one.release();
    await one.release();
    await expect(one.act(state)).rejects.toThrow('was released');
    expect(one.memory().rows).toBe(0);
  });

  it('ends an episode whose policy fails, and says so', async () => {
    const broken: EvictionPolicy = {
      ...stepWindow(1),
      start: (shape) => ({
        ...stepWindow(1).start(shape),
        bytes: 0,
        retain: () => {},
        observe: () => {},
        select: async () => Promise.reject(new Error('broken policy')),
      }),
    };
    const one = transformer.createEpisode({ ...asked, policy: broken });
    await expect(one.act(state)).rejects.toThrow('broken policy');
    await expect(one.act(state)).rejects.toThrow(/failed while it acted/);
    await one.release();
  });

  it('is refused in options', () => {
    const wrong: [object, RegExp][] = [
      [
        { ...asked, normalisation: { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1, 5] } },
        /5 numbers, not 4/,
      ],
      [
        { ...asked, normalisation: { mean: [0, 0, 0, 0], deviation: [1, 0, 1, 1] } },
        /deviation: number 1 is/,
      ],
      [{ ...asked, normalisation: { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] } }, /std/],
      [{ targetReturn: 1, returnScale: 1 }, /normalisation: is missing/],
      [{ normalisation: null, returnScale: 1 }, /targetReturn: is missing/],
      [{ ...asked, returnScale: 0 }, /returnScale/],
      [{ ...asked, targetReturn: Number.NaN }, /targetReturn/],
      [{ ...asked, window: 0 }, /window/],
      [{ ...asked, window: 3, policy: stepWindow(2) }, /policy: has no effect/],
      [{ ...asked, window: 3, recorder: new RetentionRecorder() }, /recorder: has no effect/],
      [{ ...asked, actions: 'discret' }, /did you mean 'discrete'/],
      [{ ...asked, timesteps: 'relative' }, /timesteps/],
      [{ ...asked, target: 3 }, /target/],
    ];
    for (const [options, message] of wrong) {
      expect(() => transformer.createEpisode(options)).toThrow(InvalidArgumentError);
      expect(() => transformer.createEpisode(options)).toThrow(message);
    }
  });

  it('asks for the probe of a policy', async () => {
    const policy = h2o({ budget: 4 });
    const one = transformer.createEpisode({ ...asked, policy });
    await expect(one.act(state)).rejects.toThrow(CacheUseError);
  });

  it('is refused in trajectories', async () => {
    const whole = {
      states: new Float32Array(8),
      actions: new Float32Array(6),
      returnsToGo: new Float32Array(2),
      timesteps: [0, 1],
    };
    const bad = [
      { returnsToGo: new Float32Array(0) },
      { states: new Float32Array(7) },
      { actions: new Float32Array(7) },
      { timesteps: [0] },
      { timesteps: [0, 40] },
      { states: new Float32Array(8).fill(Number.NaN) },
    ];
    for (const change of bad) {
      const cache = transformer.createCache();
      const reading = transformer.read(cache, { ...whole, ...change });
      await expect(reading).rejects.toThrow(EpisodeInputError);
      expect(cache.seen).toBe(0);
    }
  });
});

it('reports rows by kind, and lets a recorder watch', async () => {
  const recorder = new RetentionRecorder();
  const options = { ...asked, policy: dropOldReturns(), recorder };
  const episode = transformer.createEpisode(options);
  await play(transformer, episode, told, 5);
  const { keptByKind, seen, rows } = episode.memory();
  expect(seen).toBe(14);
  expect(keptByKind).toEqual({ return: 4, state: 20, action: 16 }); // of 2 layers with 2 heads
  expect(rows).toBe(40);
  expect(recorder.record().seen.at(-1)).toBe(14);
});

it('converts intervals', () => {
  const kinds = transformer.rowKinds;
  expect(intervalInTokens({ steps: 10 }, kinds)).toBe(30);
  expect(intervalInTokens({ steps: 10 }, kinds, 16)).toBe(32);
  expect(intervalInTokens({ steps: 16 }, kinds, 16)).toBe(48);
  expect(intervalInTokens({ tokens: 48 }, kinds, 16)).toBe(48);
  expect(intervalInTokens({ steps: 8 }, ['state', 'action'], 16)).toBe(16);
  for (const wrong of [{}, { steps: 1, tokens: 3 }, { steps: 0 }, { tokens: 30 }]) {
    expect(() => intervalInTokens(wrong, kinds, 16)).toThrow(InvalidArgumentError);
  }
});
