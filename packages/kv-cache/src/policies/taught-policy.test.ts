import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheShape } from '../contracts/cache-shape.js';
import { KVCache } from '../kv-cache.js';
import { featuresPerToken } from '../scoring/row-features.js';
import { type TaughtMap, taughtMap } from '../scoring/taught-map.js';
import { type LayerTokens, randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { slowTaughtScores } from '../testing/slow-taught.js';
import { type TaughtPolicyOptions, taughtPolicy } from './taught-policy.js';

/** Two layers: one rotates two pairs of four numbers and scales them, the other rotates nothing. */
const rotation = { frequencies: Float32Array.of(1, 0.1), factor: 1.25 };
const plain = shapeOf();
const shape: CacheShape = {
  ...plain,
  weights: 'w',
  layers: [{ ...plain.layers[0]!, rotation }, plain.layers[1]!],
};

function randomMap(seed: number, model = 'w'): TaughtMap {
  const random = new Random(seed);
  const layers = shape.layers.map((layer) => ({
    keyValueHeads: layer.keyValueHeads,
    headSize: layer.headSize,
    weights: Float32Array.from({ length: layer.keyValueHeads * featuresPerToken(layer) }, () =>
      random.normal(),
    ),
  }));
  return taughtMap(model, layers, seed % 3);
}

/** Scores of a token in every head of a layer: from its rows in it, and the mean of those of all heads. */
function slowScores(map: TaughtMap, tokens: readonly LayerTokens[], layer: number, token: number) {
  const all = shape.layers.map((_, other) => slowAlone(map, tokens, other, token));
  const mean = all.flat().reduce((sum, score) => sum + score, 0) / all.flat().length;
  return all[layer]!.map((score) => score + map.shared * mean);
}

function slowAlone(map: TaughtMap, tokens: readonly LayerTokens[], layer: number, token: number) {
  const { headSize, rotation: turned = null } = shape.layers[layer]!;
  const keys = tokens[layer]!.keys.map((all) => [
    ...all.subarray(token * headSize, (token + 1) * headSize),
  ]);
  const values = keys.map((key) => key.map((number) => -number)); // as runPasses makes them
  const at = { position: token, keys, values };
  return slowTaughtScores(at, map.layers[layer]!, turned === 'unknown' ? null : turned);
}

interface Row {
  readonly layer: number;
  readonly head: number;
  readonly token: number;
  readonly score: number;
}

/** What stays after each pass, with plain lists. */
function slowKept(
  map: TaughtMap,
  tokens: readonly LayerTokens[],
  counts: readonly number[],
  { budget, threshold, recent = 128, sinks = 4 }: TaughtPolicyOptions,
): number[][][] {
  let held: Row[] = [];
  let seen = 0;
  for (const count of counts) {
    for (let token = seen; token < seen + count; token++) {
      for (const layer of shape.layers.keys()) {
        const scores = slowScores(map, tokens, layer, token);
        held.push(...scores.map((score, head) => ({ layer, head, token, score })));
      }
    }
    seen += count;
    if (threshold !== undefined) {
      held = held.filter(
        ({ token, score }) => token < sinks || token >= seen - recent || score >= threshold,
      );
      continue;
    }
    const slots =
      (budget as number) < 1 ? Math.max(1, (budget as number) * seen) : (budget as number);
    const newest = Math.min(recent, Math.floor(slots / 4));
    const first = Math.min(sinks, Math.max(0, Math.floor(slots) - newest - 1));
    const most = Math.floor(slots * 4);
    const worth = ({ token, score }: Row) =>
      token < first || token >= seen - newest ? Infinity : score;
    const order = held.toSorted((a, b) => worth(b) - worth(a));
    held = order.slice(0, most);
  }
  return shape.layers.map((_, layer) =>
    [0, 1].map((head) =>
      held
        .filter((row) => row.layer === layer && row.head === head)
        .map(({ token }) => token)
        .sort((a, b) => a - b),
    ),
  );
}

const choices: [string, TaughtPolicyOptions][] = [
  ['a budget in rows', { budget: 9, recent: 3, sinks: 2 }],
  ['a share', { budget: 0.4, recent: 2, sinks: 1 }],
  ['a share with the usual window', { budget: 0.5 }],
  ['a threshold', { threshold: 0.5, recent: 5, sinks: 2 }],
  ['a threshold without a window', { threshold: -1, recent: 0, sinks: 0 }],
];

describe('taughtPolicy', () => {
  it.each(choices)('keeps what plain lists keep, under %s', async (_, options) => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const map = randomMap(seed);
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const cache = new KVCache(shape, { policy: taughtPolicy(map, options) });
        await runPasses(cache, tokens, counts);
        expect(tokensHeld(cache)).toEqual(slowKept(map, tokens, counts, options));
      }),
      { numRuns: 40 },
    );
  });

  it.each(choices)(
    'goes on from a file, in a fork and beside one, under %s',
    async (_, options) => {
      const policy = taughtPolicy(randomMap(3), options);
      const tokens = randomTokens(shape, 40, 3);
      const whole = new KVCache(shape, { policy });
      await runPasses(whole, tokens, [10, 10, 10, 10]);
      const begun = new KVCache(shape, { policy });
      await runPasses(begun, tokens, [10, 10]);
      const fork = begun.fork();
      const path = join(tmpdir(), `taught-${process.pid}-${policy.name}.safetensors`);
      await begun.save(path);
      const restored = await KVCache.restore(path, shape, { policy });
      await rm(path);
      for (const cache of [begun, fork, restored]) {
        await runPasses(cache, tokens, [10, 10]);
        expect(tokensHeld(cache)).toEqual(tokensHeld(whole));
      }
    },
  );

  it('judges alike whatever the passes were, with a threshold', async () => {
    const policy = taughtPolicy(randomMap(5), { threshold: 0, recent: 6 });
    const tokens = randomTokens(shape, 30, 5);
    const kept = [];
    for (const counts of [[30], [7, 7, 7, 9], new Array<number>(30).fill(1)]) {
      const cache = new KVCache(shape, { policy });
      await runPasses(cache, tokens, counts);
      kept.push(tokensHeld(cache));
    }
    expect(kept[1]).toEqual(kept[0]);
    expect(kept[2]).toEqual(kept[0]);
  });

  it('remembers no more than the newest with a threshold, and four bytes a row with a budget', async () => {
    const tokens = randomTokens(shape, 60, 7);
    const judging = new KVCache(shape, {
      policy: taughtPolicy(randomMap(7), { threshold: 0, recent: 6 }),
    });
    await runPasses(judging, tokens, [30, 30]);
    expect(judging.memory().bytes.policy).toBe(6 * 4 * 4);
    const policy = taughtPolicy(randomMap(7), { budget: '2000B' });
    const bounded = new KVCache(shape, { policy });
    await runPasses(bounded, tokens, [30, 30]);
    const { rows, bytes } = bounded.memory();
    expect(bytes.policy).toBe(4 * rows);
    expect(bytes.used + bytes.positions + bytes.policy).toBeLessThanOrEqual(2000);
    expect(bytes.used + bytes.positions + bytes.policy).toBeGreaterThan(1800);
  });

  it('takes over a full cache, but not one with rows that are gone in some heads', async () => {
    const tokens = randomTokens(shape, 20, 9);
    const policy = taughtPolicy(randomMap(9), { budget: 8, recent: 2 });
    const under = new KVCache(shape, { policy });
    await runPasses(under, tokens, [20]);
    const full = new KVCache(shape);
    await runPasses(full, tokens, [20]);
    expect(tokensHeld(await full.copyUnder(policy))).toEqual(tokensHeld(under));
    full.keep([[Uint32Array.of(1, 2), Uint32Array.of(1)], null]);
    await expect(full.copyUnder(policy)).rejects.toThrow(/layer 0 hold different tokens/);
  });

  it.each([
    ['another model', { ...shape, weights: 'other' }, /fitted on another model/],
    ['fewer layers', { ...shape, layers: shape.layers.slice(1) }, /for 2 layers, the model has 1/],
    [
      'other heads',
      { ...shape, layers: shape.layers.map((layer) => ({ ...layer, headSize: 6 })) },
      /2 KV heads of 4, layer 0 has 2 of 6/,
    ],
    [
      'a rotation that grows with the text',
      {
        ...shape,
        layers: shape.layers.map((layer) => ({ ...layer, rotation: 'unknown' as const })),
      },
      /rotation of the keys of layer 0/,
    ],
  ])('refuses %s', (_, other, message) => {
    const policy = taughtPolicy(randomMap(1), { budget: 5 });
    expect(() => new KVCache(other, { policy })).toThrow(message);
  });

  it('refuses maps and options that cannot be', () => {
    const map = randomMap(1);
    const bad = (change: (weights: Float32Array) => Float32Array) =>
      taughtMap('w', [{ ...map.layers[0]!, weights: change(map.layers[0]!.weights.slice()) }], 0);
    expect(() => bad((weights) => weights.fill(Number.NaN, 3, 4))).toThrow(/weight 3 is NaN/);
    expect(() => bad((weights) => weights.subarray(1))).toThrow(/has 37 numbers.* need 38/);
    expect(() => taughtMap('w', map.layers, -1)).toThrow(/map.shared/);
    expect(() => taughtPolicy(map, {})).toThrow(/either a budget or a threshold/);
    expect(() => taughtPolicy(map, { budget: 4, threshold: 1 })).toThrow(/either/);
    expect(() => taughtPolicy(map, { threshold: Number.NaN })).toThrow(/threshold/);
    expect(() => taughtPolicy(map, { budget: 4, recent: -1 })).toThrow(/recent/);
    const misspelt = { budget: 4, sink: 1 } as TaughtPolicyOptions;
    expect(() => taughtPolicy(map, misspelt)).toThrow(/Did you mean sinks/);
  });
});
