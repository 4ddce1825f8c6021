import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readRotaryParameters, rotaryRows } from '@namm/decoder';
import { bins, FeatureEncoder, FeatureState, foldFrames, SpectrumStatistics } from '@namm/features';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { readJson } from './model-fixture.js';

interface SpectrogramCase {
  readonly kv_heads: number;
  readonly group: number;
  readonly windows: readonly { readonly n_new: number }[];
}

interface StatisticsCase {
  readonly steps: readonly {
    readonly layer: number;
    readonly window: number;
    readonly n_kv: number;
    readonly oracle_mean: readonly number[];
    readonly oracle_var: readonly number[];
    readonly oracle_num: number;
  }[];
  readonly after_self_merge: Readonly<Record<string, readonly number[]>>;
}

interface AngleCase {
  readonly dim: number;
  readonly base: number;
  readonly factor: number;
  readonly alpha: number;
  readonly positions: readonly number[];
  readonly inv_freq64: readonly number[];
  readonly cos64: readonly (readonly number[])[];
  readonly sin64: readonly (readonly number[])[];
}

const pattern = /^(feat_\w+|online_norm|rope_ntk)\.json$/;

/** Ways in which the same attention can arrive. */
const arrivals = { block: 1024, chunks: 24, rows: 1, folded: 1024 } as const;
type Arrival = keyof typeof arrivals;

/** The spectrogram features, against numbers of the reference and a double-precision oracle. */
export const features: ConformanceKind = {
  name: 'features',
  recognises: async (folder) => (await readdir(folder)).some((file) => pattern.test(file)),
  async *run(folder) {
    for (const file of (await readdir(folder)).filter((name) => pattern.test(name)).sort()) {
      const facts: unknown = await readJson(join(folder, file));
      const name = basename(file, '.json');
      if (name === 'rope_ntk') {
        yield* checkAngles((facts as { cases: readonly AngleCase[] }).cases);
        continue;
      }
      const tensors = await openSafetensors(join(folder, `${name}.safetensors`));
      if (name === 'online_norm') yield* checkStatistics(facts as StatisticsCase, tensors);
      else yield* checkSpectrograms(name, facts as SpectrogramCase, tensors);
    }
  },
};

async function* checkSpectrograms(name: string, facts: SpectrogramCase, tensors: SafetensorsFile) {
  const variance = await tensors.readFloat32('norm_var');
  const mean = await tensors.readFloat32('norm_mean');
  const count = Float64Array.of(1);
  const encoder = new FeatureEncoder({ normaliser: { shape: [bins], mean, variance, count } });
  for (const arrival of Object.keys(arrivals) as Arrival[]) {
    const worst = { average: 0, recency: 0, normalised: 0 };
    for (let head = 0; head < facts.kv_heads; head++) {
      const state = new FeatureState({ storage: 'float32' });
      for (const [window, { n_new: queries }] of facts.windows.entries()) {
        const read = (key: string) => `w${window}.h${head}.${key}`;
        const attention = await tensors.readFloat32(read('attn'));
        feed(state, attention, { queries, group: facts.group }, arrival);
        const { slots } = state;

        const averages = await tensors.readFloat64(read('oracle64.ema'));
        const spectrum = state.spectrum();
        for (const [i, expected] of averages.entries()) {
          const actual = spectrum[(i % bins) * slots + Math.floor(i / bins)]!;
          worst.average = larger(worst.average, actual - expected);
        }
        const positions = await tensors.readNumbers(read('positions'));
        const rows = encoder.encode(state, { positions, newest: positions.at(-1)! });
        const expectedRows = await tensors.readFloat64(read('oracle64.features'));
        for (const [i, expected] of expectedRows.entries()) {
          const bin = (i % encoder.size) - (encoder.size - bins);
          const difference = rows[i]! - expected;
          // A small variance amplifies rounding; undone, the error is that of the average.
          if (bin < 0) worst.recency = larger(worst.recency, difference);
          else worst.normalised = larger(worst.normalised, difference * Math.sqrt(variance[bin]!));
        }
        state.retain(Uint32Array.from(await tensors.readNumbers(read('kept_index'))));
      }
    }
    yield result(`${name} ${arrival}: averages`, worst.average, 1e-6);
    yield result(`${name} ${arrival}: recency`, worst.recency, 1e-7);
    yield result(`${name} ${arrival}: normalised`, worst.normalised, 1e-6);
  }
}

function feed(
  state: FeatureState,
  attention: Float32Array,
  { queries, group }: { queries: number; group: number },
  arrival: Arrival,
): void {
  const slots = attention.length / (group * queries);
  if (arrival === 'folded') {
    const mean = new Float32Array(queries * slots);
    for (let i = 0; i < mean.length; i++) {
      let sum = 0;
      for (let head = 0; head < group; head++) sum += attention[head * mean.length + i]!;
      mean[i] = sum / group;
    }
    const { seen } = state;
    state.absorb(foldFrames({ seen, pending: state.pending(), attention: mean, queries }));
    return;
  }
  for (let start = 0; start < queries; start += arrivals[arrival]) {
    const end = Math.min(queries, start + arrivals[arrival]);
    const born = slots - queries + end; // the others' columns do not exist yet
    const rows = new Float32Array(group * (end - start) * born);
    for (let head = 0; head < group; head++) {
      for (let row = start; row < end; row++) {
        const at = (head * queries + row) * slots;
        rows.set(attention.subarray(at, at + born), (head * (end - start) + row - start) * born);
      }
    }
    state.observe(rows, { queries: end - start, group });
  }
}

/** Running statistics while two layers are measured in turns, full cache. */
async function* checkStatistics(
  { steps, after_self_merge }: StatisticsCase,
  tensors: SafetensorsFile,
) {
  const layers = [0, 1].map(() => [0, 1].map(() => new FeatureState({ storage: 'float32' })));
  const statistics = new SpectrumStatistics({ layers: 2, heads: 2 });
  let worst = 0;
  let worstFeature = 0;
  for (const [step, { layer, n_kv: slots, ...expected }] of steps.entries()) {
    const attention = await tensors.readFloat32(`s${step}.attn`);
    const size = attention.length / 2;
    for (const [head, state] of layers[layer]!.entries()) {
      const own = attention.subarray(head * size, (head + 1) * size);
      state.observe(own, { queries: 64, group: 2 });
      statistics.add(state.spectrum(), { layer, head });
    }
    const normaliser = statistics.normaliser();
    worst = larger(worst, relative(normaliser.mean, expected.oracle_mean));
    worst = larger(worst, relative(normaliser.variance, expected.oracle_var));
    if (statistics.count !== expected.oracle_num) worst = Number.POSITIVE_INFINITY;

    const encoder = new FeatureEncoder({ normaliser });
    const rows = await tensors.readFloat32(`s${step}.ref32.features`);
    const positions = Array.from({ length: slots }, (_, i) => i);
    for (const [head, state] of layers[layer]!.entries()) {
      const own = encoder.encode(state, { positions, newest: slots - 1 });
      for (const [i, value] of own.entries()) {
        const difference = Math.abs(value - rows[head * own.length + i]!);
        worstFeature = larger(worstFeature, difference / Math.max(1, Math.abs(value)));
      }
    }
  }
  yield result('online_norm: statistics, relative', worst, 1e-5);
  yield result('online_norm: features, relative', worstFeature, 1e-5);
  const frozen = statistics.normaliser();
  const stored = larger(
    relative(frozen.mean, after_self_merge.output_mean!),
    relative(frozen.variance, after_self_merge.output_var!),
  );
  const counted = after_self_merge.output_num!.every((count) => count === frozen.count[0]);
  yield result('online_norm: stored, relative', counted ? stored : Number.POSITIVE_INFINITY, 1e-5);
}

/** Static NTK extension of RoPE, which the published model runs with; float32 angles as there. */
async function* checkAngles(cases: readonly AngleCase[]) {
  for (const { dim, base, factor, alpha, positions, inv_freq64, cos64, sin64 } of cases) {
    const parameters = { rope_type: 'ntk', rope_theta: base, factor, alpha };
    const spec = readRotaryParameters(parameters, dim, Math.max(...positions) + 1);
    const { cos, sin } = rotaryRows(spec, Int32Array.from(positions));
    let error = 0;
    for (const [row, position] of positions.entries()) {
      for (const [i, frequency] of inv_freq64.entries()) {
        const at = row * inv_freq64.length + i;
        const difference = Math.max(
          Math.abs(cos[at]! - cos64[row]![i]!),
          Math.abs(sin[at]! - sin64[row]![i]!),
        );
        // Frequency and angle are each rounded to 24 bits.
        error = Math.max(error, difference - 2 ** -22 * position * frequency);
      }
    }
    yield result(`rope_ntk base ${base} factor ${factor}`, error, 1e-6);
  }
}

function relative(actual: ArrayLike<number>, expected: readonly number[]): number {
  return expected.reduce((worst, value, i) => larger(worst, (actual[i]! - value) / value), 0);
}

/** NaN counts as infinitely wrong. */
function larger(worst: number, difference: number): number {
  const size = Math.abs(difference);
  return Number.isNaN(size) ? Number.POSITIVE_INFINITY : Math.max(worst, size);
}

function result(name: string, error: number, tolerance: number): ConformanceResult {
  return { kind: 'features', name, error, tolerance, ok: error <= tolerance };
}
