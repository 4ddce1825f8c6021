import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { publishedBam } from '@namm/bam';
import { Decoder } from '@namm/decoder';
import type { CacheView, EvictionPolicy, KeptSlots } from '@namm/kv-cache';
import {
  calibrate,
  type NammCheckpoint,
  namm,
  publishedFeatures,
  SpectrumCollector,
} from '@namm/namm';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { largestDifference } from './largest-difference.js';
import { isFile } from './model-fixture.js';

/** What one run of the reference did, as its `expected.json` says. */
interface ExpectedRun {
  readonly tokens: readonly number[];
  readonly updates: readonly {
    readonly layers: readonly { readonly kept_positions: readonly (readonly number[])[] }[];
  }[];
}

interface Expected {
  readonly prompt: readonly number[];
  readonly chunk: number;
  readonly n_up: number;
  readonly n_generated: number;
  readonly full: { readonly tokens: readonly number[] };
  readonly exact: ExpectedRun;
  readonly layer_max: ExpectedRun;
}

/** The fixture's names of the two semantics. */
const semantics = { exact: 'exact', layer_max: 'reference' } as const;

/** Absolute, in float32; those of statistics relative. */
const tolerances = { logits: 1e-3, scores: 1e-3, statistics: 1e-6 };

/** Whole runs of a small Llama under a NAMM: kept positions per update, scores, logits, greedy tokens. */
export const e2e: ConformanceKind = {
  name: 'e2e',
  recognises: async (folder) =>
    (await isFile(join(folder, 'expected.json'))) &&
    (await isFile(join(folder, 'tensors.safetensors'))),
  async *run(folder) {
    const expected: Expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
    const tensors = await openSafetensors(join(folder, 'tensors.safetensors'));
    const checkpoint = await readFixture(tensors, expected.n_up);
    const report = (name: string, error: number, tolerance: number): ConformanceResult => {
      const ok = error <= tolerance;
      return { kind: 'e2e', name: `${basename(folder)}: ${name}`, error, tolerance, ok };
    };
    for (const mode of ['exact', 'layer_max'] as const) {
      const run = expected[mode];
      for (const storage of ['float32', 'float16'] as const) {
        const policy = namm(checkpoint, { semantics: semantics[mode], storage });
        const { updates, tokens, logits } = await generate(folder, policy, expected);
        const label = `${mode}, features in ${storage}`;
        yield report(`${label}: greedy tokens`, mismatches(tokens, run.tokens), 0);
        const kept = `kept positions of ${updates.length} updates`;
        yield report(`${label}: ${kept}`, Number(!isKept(updates, run)), 0);
        const wanted = await tensors.readFloat64(`${mode}.step_logits64`);
        yield report(`${label}: logits`, largestDifference(logits, wanted), tolerances.logits);
        if (storage === 'float16') continue; // its scores are rounded; its decisions are not
        const error = await scoreError(updates, mode, tensors);
        yield report(`${label}: scores`, error, tolerances.scores);
      }
    }
    const collector = new SpectrumCollector({ updateInterval: expected.n_up });
    const full = await generate(folder, collector.policy, expected);
    yield report('full cache: greedy tokens', mismatches(full.tokens, expected.full.tokens), 0);
    const { normaliser } = calibrate(checkpoint, collector.statistics);
    const gap = (part: 'mean' | 'variance') =>
      Math.max(
        ...Array.from(
          normaliser[part],
          (value, i) => Math.abs(value - checkpoint.normaliser[part][i]!) / value,
        ),
      );
    yield report('first evaluation: mean', gap('mean'), tolerances.statistics);
    yield report('first evaluation: variance', gap('variance'), tolerances.statistics);
  },
};

function isKept(updates: readonly Update[], run: ExpectedRun): boolean {
  const wanted = run.updates.map(({ layers }) => layers.map((layer) => layer.kept_positions));
  return isDeepStrictEqual(
    updates.map(({ kept }) => kept),
    wanted,
  );
}

async function scoreError(
  updates: readonly Update[],
  mode: keyof typeof semantics,
  tensors: SafetensorsFile,
): Promise<number> {
  let worst = 0;
  for (const [update, { scores }] of updates.entries()) {
    for (const [key, own] of scores) {
      const all = await tensors.readFloat64(`${mode}.u${update}.${key}.scores64`);
      worst = Math.max(worst, largestDifference(own, all.subarray(0, -1)));
    }
  }
  return worst;
}

async function readFixture(
  tensors: SafetensorsFile,
  updateInterval: number,
): Promise<NammCheckpoint> {
  return {
    scorer: publishedBam,
    parameters: await tensors.readFloat32('params'),
    normaliser: {
      shape: [17],
      mean: await tensors.readFloat32('norm_mean'),
      variance: await tensors.readFloat32('norm_var'),
      count: Float64Array.of(1),
    },
    features: publishedFeatures,
    policy: { updateInterval, semantics: 'exact' },
    provenance: {},
  };
}

/** What a policy decided at one update. */
interface Update {
  /** Positions kept per layer and head. */
  readonly kept: readonly (readonly number[][])[];
  /** By `l<layer>.h<head>`: the scores of all rows but the newest. */
  readonly scores: ReadonlyMap<string, Float64Array>;
}

async function generate(folder: string, policy: EvictionPolicy, expected: Expected) {
  const updates: Update[] = [];
  const observed = observing(policy, expected.n_up, (update) => updates.push(update));
  const decoder = await Decoder.load(folder, {
    probe: policy.probe,
    chunkSize: expected.chunk,
    threads: 1,
  });
  const cache = decoder.createCache({ policy: observed });
  const tokens: number[] = [];
  const logits: Float32Array[] = [];
  const step = async (ids: readonly number[]) => {
    const [result] = await decoder.step([{ cache, input: { ids } }]);
    logits.push(result!.logits);
    tokens.push(result!.logits.indexOf(Math.max(...result!.logits)));
  };
  await step(expected.prompt);
  while (tokens.length < expected.n_generated) await step([tokens.at(-1)!]);
  await decoder.release();
  const all = new Float32Array(logits.length * logits[0]!.length);
  for (const [i, row] of logits.entries()) all.set(row, i * row.length);
  return { updates, tokens, logits: all };
}

/** The same policy, watched. */
function observing(
  policy: EvictionPolicy,
  interval: number,
  listen: (update: Update) => void,
): EvictionPolicy {
  return {
    ...policy,
    start(shape) {
      const state = policy.start(shape);
      const select = state.select.bind(state);
      state.select = async (view) => {
        const scores = new Map<string, Float64Array>();
        const kept = await select(view, (layer, head, own) => {
          scores.set(`l${layer}.h${head}`, Float64Array.from(own));
        });
        if (view.seen % interval === 0) listen({ kept: positionsOf(view, kept), scores });
        return kept;
      };
      return state;
    },
  };
}

function positionsOf(view: CacheView, kept: readonly (KeptSlots | null)[]): number[][][] {
  return view.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => {
      const tokens = view.tokens(layer, head);
      const slots = kept[layer]?.[head];
      return slots ? Array.from(slots, (slot) => tokens[slot]!) : Array.from(tokens);
    }),
  );
}

function mismatches(actual: readonly number[], wanted: readonly number[]): number {
  return wanted.filter((token, i) => actual[i] !== token).length;
}
