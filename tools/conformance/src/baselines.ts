import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CacheShape, KVCache, pyramidBudgets, sinkRecent } from '@namm/kv-cache';
import { openSafetensors } from '@namm/tensors';
import { type Parameters, policyOf } from './baselines/policy-of.js';
import { type LayerTokens, runPass } from './baselines/run-pass.js';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';

interface OneShotCase {
  readonly method: string;
  readonly params: Parameters;
  readonly keep: readonly (readonly number[])[];
}

interface StreamCase {
  readonly method: string;
  readonly params: Parameters;
  readonly kept_positions_after_each_step: readonly (readonly (readonly number[])[])[];
}

interface PyramidCase {
  readonly layers: number;
  readonly n: number;
  readonly compression_ratio: number;
  readonly window: number;
  readonly beta: number;
  readonly kvpress: readonly number[];
  readonly factory_C: number;
  readonly factory_kept_per_layer: readonly number[];
}

interface Baselines {
  readonly config: {
    readonly Hq: number;
    readonly Hk: number;
    readonly n: number;
    readonly d: number;
    /** Window of the methods whose cases name none. */
    readonly w: number;
  };
  readonly layers: readonly {
    readonly oneshot: readonly OneShotCase[];
    readonly stream: readonly StreamCase[];
  }[];
  readonly stream_steps: readonly number[];
  readonly pyramid_budgets: readonly PyramidCase[];
  readonly n_kept_table: readonly {
    readonly n: number;
    readonly r: number;
    readonly python_int: number;
  }[];
}

const files = ['baselines.json', 'baselines.safetensors'] as const;

/** The classic eviction policies, against sets that were computed by their reference code. */
export const baselines: ConformanceKind = {
  name: 'baselines',
  async recognises(folder) {
    const found = files.map((file) => stat(join(folder, file)).then((entry) => entry.isFile()));
    return (await Promise.allSettled(found)).every(
      (one) => one.status === 'fulfilled' && one.value,
    );
  },
  async *run(folder) {
    const fixture: Baselines = JSON.parse(await readFile(join(folder, files[0]), 'utf8'));
    const tokens = await readTokens(join(folder, files[1]), fixture);
    yield* oneShotCases(fixture, tokens);
    yield* streamCases(fixture, tokens);
    yield* pyramidCases(fixture);
    yield* shareCases(fixture);
  },
};

async function readTokens(file: string, { config, layers }: Baselines): Promise<LayerTokens[]> {
  const tensors = await openSafetensors(file);
  return Promise.all(
    layers.map(async (_, layer) => ({
      queries: splitHeads(await tensors.readFloat32(`l${layer}.q`), config.Hq),
      keys: splitHeads(await tensors.readFloat32(`l${layer}.k`), config.Hk),
    })),
  );
}

function splitHeads(values: Float32Array, heads: number): Float32Array[] {
  const size = values.length / heads;
  return Array.from({ length: heads }, (_, head) =>
    values.subarray(head * size, (head + 1) * size),
  );
}

function shapeOf({ config, layers }: Baselines): CacheShape {
  const layer = {
    keyValueHeads: config.Hk,
    queryHeads: config.Hq,
    headSize: config.d,
    window: null,
  };
  return { model: 'baselines', layers: layers.map(() => layer) };
}

/** All layers run together, since a policy may treat them differently; each is compared by itself. */
async function* oneShotCases(fixture: Baselines, tokens: readonly LayerTokens[]) {
  for (const [index, { method, params }] of fixture.layers[0]!.oneshot.entries()) {
    const name = `oneshot ${method} ${JSON.stringify(params)}`;
    const policy = policyOf(method, { w: fixture.config.w, ...params });
    if (policy === null) {
      yield skipped(name, `the method '${method}' is not known here`);
      continue;
    }
    const cache = new KVCache(shapeOf(fixture), { policy });
    await runPass(cache, tokens, fixture.config.n);
    for (const [layer, { oneshot }] of fixture.layers.entries()) {
      const wrong = differences(cache, layer, oneshot[index]!.keep);
      yield result(`${name} layer ${layer}`, wrong.length === 0, wrong.join('; '));
    }
  }
}

async function* streamCases(fixture: Baselines, tokens: readonly LayerTokens[]) {
  for (const [index, { method, params }] of fixture.layers[0]!.stream.entries()) {
    const name = `stream ${method} ${JSON.stringify(params)}`;
    const policy = policyOf(method, { w: fixture.config.w, ...params });
    if (policy === null) {
      yield skipped(name, `the method '${method}' is not known here`);
      continue;
    }
    const cache = new KVCache(shapeOf(fixture), { policy });
    const wrong: string[][] = fixture.layers.map(() => []);
    for (const [step, count] of fixture.stream_steps.entries()) {
      await runPass(cache, tokens, count);
      for (const [layer, { stream }] of fixture.layers.entries()) {
        const expected = stream[index]!.kept_positions_after_each_step[step]!;
        wrong[layer]!.push(
          ...differences(cache, layer, expected).map((text) => `step ${step}: ${text}`),
        );
      }
    }
    for (const [layer, texts] of wrong.entries()) {
      yield result(`${name} layer ${layer}`, texts.length === 0, texts.slice(0, 3).join('; '));
    }
  }
}

function* pyramidCases({ pyramid_budgets }: Baselines): Iterable<ConformanceResult> {
  for (const test of pyramid_budgets) {
    const { layers, n, window, beta } = test;
    const name = `pyramid budgets, ${layers} layers, ${n} tokens, ratio ${test.compression_ratio}`;
    const shared = { layers, seen: n, window, beta };
    const kvpress = pyramidBudgets({ ...shared, slots: n * (1 - test.compression_ratio) });
    yield compareLists(`${name}, kvpress`, kvpress, test.kvpress);
    const factory = pyramidBudgets({ ...shared, slots: test.factory_C, rule: 'factory' });
    yield compareLists(`${name}, KVCache-Factory`, factory, test.factory_kept_per_layer);
  }
}

/** A share of the tokens is floored as in Python, but never to nothing. */
async function* shareCases({ n_kept_table }: Baselines) {
  const layer = { keyValueHeads: 1, queryHeads: 1, headSize: 1, window: null };
  for (const { n, r, python_int } of n_kept_table) {
    const policy = sinkRecent({ budget: 1 - r, sinks: 0 });
    const cache = new KVCache({ model: 'baselines', layers: [layer] }, { policy });
    const values = new Float32Array(n);
    await cache.update({ count: n, rows: [{ keys: values, values }], observations: [] });
    yield compareLists(
      `share of ${n} at ratio ${r}`,
      [cache.length(0, 0)],
      [Math.max(1, python_int)],
    );
  }
}

/** What is wrong with the positions that the heads of a layer hold. */
function differences(
  cache: KVCache,
  layer: number,
  expected: readonly (readonly number[])[],
): string[] {
  return expected.flatMap((positions, head) => {
    const held = new Set(cache.positions(layer, head));
    const missing = positions.filter((position) => !held.has(position));
    const extra = [...held].filter((position) => !positions.includes(position));
    if (missing.length + extra.length === 0) return [];
    return [`head ${head} lacks [${missing}] and has [${extra}] instead`];
  });
}

function compareLists(
  name: string,
  actual: readonly number[],
  expected: readonly number[],
): ConformanceResult {
  const same =
    actual.length === expected.length && actual.every((value, i) => value === expected[i]);
  return result(name, same, `[${actual}] instead of [${expected}]`);
}

/** Sets and counts are right or wrong; there is no error to measure. */
function result(name: string, ok: boolean, note: string): ConformanceResult {
  const outcome = { kind: 'baselines', name, error: null, tolerance: null, ok };
  return ok ? outcome : { ...outcome, note };
}

function skipped(name: string, note: string): ConformanceResult {
  return { kind: 'baselines', name, error: null, tolerance: null, ok: null, note };
}
