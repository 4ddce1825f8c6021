import { Random } from '@namm/core';
import type { EvictionPolicy, Observation, Probe } from '@namm/kv-cache';
import { full } from '@namm/kv-cache';
import { describe, expect, it } from 'vitest';
import { Decoder, type DecoderSpec, type ModelSource, type Weight } from '../src/index.js';
import type { PassKind } from '../src/step/pass-kind.js';
import { largestDifference, quiet, slotsAt } from './helpers.js';

const random = new Random(3);

/** GPT-2's layers over rows, as Decision Transformers have them. */
function randomSource(hiddenSize: number, heads: number, activation: 'relu' | 'silu'): ModelSource {
  const weights = new Map<string, Weight>();
  const put = (name: string, shape: readonly number[], mean: number, deviation: number) => {
    const count = shape.reduce((product, n) => product * n, 1);
    const numbers = Float32Array.from({ length: count }, () => mean + deviation * random.normal());
    const location = { kind: 'memory', bytes: new Uint8Array(numbers.buffer) } as const;
    weights.set(name, { name, shape, format: 'F32', location });
  };
  const norm = (name: string) => {
    put(`${name}.weight`, [hiddenSize], 1, 0.2);
    put(`${name}.bias`, [hiddenSize], 0, 0.2);
    const rest = { size: hiddenSize, epsilon: 1e-5, weightOffset: 0 } as const;
    return { kind: 'layer', weight: `${name}.weight`, bias: `${name}.bias`, ...rest } as const;
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    put(`${name}.weight`, [inputs, outputs], 0, 1.5 / Math.sqrt(inputs));
    put(`${name}.bias`, [outputs], 0, 0.2);
    const layout = 'inputs-first' as const;
    return { weight: `${name}.weight`, bias: `${name}.bias`, inputs, outputs, layout };
  };
  const layers = [0, 1].map((i) => ({
    norms: {
      beforeAttention: norm(`${i}.a`),
      afterAttention: null,
      beforeFeedForward: norm(`${i}.b`),
      afterFeedForward: null,
    },
    attention: {
      ...{ queryHeads: heads, keyValueHeads: heads, headSize: hiddenSize / heads },
      ...{ scale: 0.3, softCap: null, window: null, rotary: null, queryKeyNorm: null },
      projections: { kind: 'fused', all: linear(`${i}.c`, hiddenSize, 3 * hiddenSize) } as const,
      output: linear(`${i}.d`, hiddenSize, hiddenSize),
    },
    feedForward: {
      ...({ kind: 'plain', activation } as const),
      up: linear(`${i}.e`, hiddenSize, 2 * hiddenSize),
      down: linear(`${i}.f`, 2 * hiddenSize, hiddenSize),
    },
  }));
  const spec: DecoderSpec = {
    ...{ family: 'rows', hiddenSize, maximumPositions: 4096, rotary: [], layers },
    ...{ finalNorm: norm('g'), vocabularySize: null, embedding: null },
    ...{ learnedPositions: null, head: null },
  };
  return { name: 'rows', spec, weights, digest: 'rows' };
}

/** Evicts nothing, and writes down what it is told. */
function recording(probe: Probe) {
  const told: Observation[] = [];
  const start: EvictionPolicy['start'] = (shape) => ({
    ...full().start(shape),
    observe: (_, observation) => void told.push(structuredClone(observation)),
    fork: () => start(shape),
    ...(probe.kind === 'spectrum' && {
      // A frame ends in passes of three tokens.
      spectrumFeeds: (queries: number) => ({
        weights: Float32Array.from(queries === 3 ? [0.5] : []),
        pending: 1,
        rows: Math.min(2, queries),
        pendingRows: (layer: number, head: number) =>
          new Float32Array(cacheOf.get(policy)!.length(layer, head)).fill(0.1),
      }),
    }),
  });
  const policy: EvictionPolicy = { ...full(), probe, start };
  return { policy, told };
}
const cacheOf = new Map<EvictionPolicy, ReturnType<Decoder['createCache']>>();

const spectrum = {
  kind: 'spectrum',
  kernel: Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  ...{ window: 4, hop: 4 },
} as const;
const probes: readonly Probe[] = [
  { kind: 'none' },
  { kind: 'columnSums' },
  { kind: 'columnMaxima' },
  { kind: 'lastQueries', count: 2 },
  { kind: 'queries' },
  spectrum,
];

/** Passes of one to five tokens over ragged rows and forks. */
async function play(source: ModelSource, passes: PassKind, probe: Probe) {
  const decoder = await Decoder.load(source, { ...quiet, passes, probe });
  const { policy, told } = recording(probe);
  const rows = new Random(9);
  const hidden: number[] = [];
  const step = async (
    cache: ReturnType<Decoder['createCache']>,
    count: number,
    outputs: 'last' | 'all',
  ) => {
    cacheOf.set(policy, cache);
    const length = count * source.spec.hiddenSize;
    const embeddings = Float32Array.from({ length }, () => rows.normal());
    const [result] = await decoder.step([{ cache, input: { embeddings }, outputs }]);
    hidden.push(...result!.hidden);
  };
  const origin = decoder.createCache({ policy });
  for (const count of [2, 3, 5, 1, 4, 3]) await step(origin, count, 'last');
  origin.keep(slotsAt(origin, (layer, head, position) => (position + layer + head) % 3 > 0));
  await step(origin, 3, 'all');
  const fork = origin.fork();
  for (const cache of [fork, origin, fork]) await step(cache, 2, 'all');
  await decoder.release();
  return { hidden, told };
}

describe('passes of a few tokens', () => {
  for (const [hiddenSize, heads] of [
    [16, 2],
    [64, 1],
    [24, 3],
  ] as const) {
    it(`tell what the graph tells, ${hiddenSize} wide with ${heads} heads`, async () => {
      const source = randomSource(hiddenSize, heads, 'relu');
      for (const probe of probes) {
        const [few, graph] = [
          await play(source, 'small', probe),
          await play(source, 'whole', probe),
        ];
        expect(largestDifference(few.hidden, graph.hidden)).toBeLessThan(2e-5);
        expect(few.hidden).not.toEqual(graph.hidden.slice(1)); // there is something to compare
        expect(
          few.told.map(({ kind, heads }) => [kind, heads.map(({ length }) => length)]),
        ).toEqual(graph.told.map(({ kind, heads }) => [kind, heads.map(({ length }) => length)]));
        const numbers = ({ told }: typeof few) =>
          told.flatMap((each) => [
            ...each.heads.flatMap((head) => [...head]),
            ...(each.kind === 'spectrum' ? each.spectra.flatMap((head) => [...head]) : []),
          ]);
        expect(largestDifference(numbers(few), numbers(graph))).toBeLessThan(2e-5);
        if (probe.kind !== 'none') expect(numbers(few).length).toBeGreaterThan(100);
      }
    });
  }

  it('are those of the graph where layers are of another kind', async () => {
    const source = randomSource(16, 2, 'silu');
    const [few, graph] = [
      await play(source, 'small', { kind: 'none' }),
      await play(source, 'whole', { kind: 'none' }),
    ];
    expect(largestDifference(few.hidden, graph.hidden)).toBeLessThan(1e-5);
  });

  it('refuse NaN as the graph does', async () => {
    const source = randomSource(16, 2, 'relu');
    const decoder = await Decoder.load(source, { ...quiet, passes: 'small' });
    const embeddings = new Float32Array(32).fill(Number.NaN);
    const cache = decoder.createCache();
    await expect(decoder.step([{ cache, input: { embeddings } }])).rejects.toMatchObject({
      name: 'NonFiniteError',
    });
    expect(cache.seen).toBe(0);
    await decoder.release();
  });
});
