import { serializeSafetensors, type TensorArray, type TensorData } from '@namm/core/portable';
import { packHistory } from '../history.js';
import { checksum } from './checksum.js';
import type { StrategyState } from './strategy-state.js';

export const stateFormat = 'namm.cma-es';
export const stateVersion = '1';

/** Names of single numbers, in the order in which the tensor `numbers` holds them. */
export const numberNames = [
  'sigma',
  'generation',
  'evaluations',
  'flatGenerations',
  'effort',
  'initialDeviation',
] as const satisfies readonly (keyof StrategyState)[];

/** Options that are lists of numbers: they are tensors, the others JSON. */
export const arrayOptions = ['mean', 'scales'] as const;

const bytesOf = (data: TensorArray) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const row = (data: TensorArray): TensorData => ({ shape: [data.length], data });

function joined(vectors: readonly Float64Array[], length: number): TensorData {
  const data = new Float64Array(vectors.length * length);
  for (const [index, vector] of vectors.entries()) data.set(vector, index * length);
  return { shape: [vectors.length, length], data };
}

/** JSON keeps no infinities, which stop conditions may be. */
function withInfinities(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return { number: String(value) };
}

function* tensorsOf(state: StrategyState): Iterable<[string, TensorData]> {
  const { options, best, model, penalty } = state;
  const n = state.mean.length;
  yield ['numbers', row(Float64Array.from(numberNames, (name) => state[name]))];
  yield ['mean', row(state.mean)];
  yield ['path', row(state.path)];
  for (const name of arrayOptions) yield [`options.${name}`, row(options[name])];
  if (options.bounds) {
    yield ['options.bounds.lower', row(options.bounds.lower)];
    yield ['options.bounds.upper', row(options.bounds.upper)];
  }
  for (const [name, data] of Object.entries(model)) yield [`model.${name}`, row(data)];
  if (best) {
    yield ['best.parameters', row(best.parameters)];
    const { fitness, id } = best;
    yield ['best.numbers', row(Float64Array.of(fitness, id.generation, id.index))];
  }
  yield ['history', row(packHistory(state.history))];
  if (state.fitness && state.told) {
    yield ['fitness', row(state.fitness)];
    yield ['told', row(state.told)];
  }
  yield ['injected', joined(state.injected, n)];
  yield ['used', joined(state.used, n)];
  if (penalty) {
    yield ['penalty.weights', row(penalty.weights)];
    yield ['penalty.ranges', row(penalty.ranges)];
  }
}

/** What the checksum covers: the JSON, then the names and bytes of the tensors by name. */
export function checksumOf(
  json: string,
  tensors: Iterable<readonly [string, { readonly bytes: Uint8Array }]>,
): string {
  const encoder = new TextEncoder();
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return checksum([
    encoder.encode(json),
    ...sorted.flatMap(([name, { bytes }]) => [encoder.encode(name), bytes]),
  ]);
}

/**
 * The state as a safetensors file. Its metadata: `format`, `version`, `state` (JSON: options and the reason
 * of a stop) and `checksum` (CRC-32).
 */
export function saveState(state: StrategyState): Uint8Array {
  const { mean, scales, bounds, covariance, ...options } = state.options;
  const json = JSON.stringify(
    { ...options, bounds: bounds?.handling ?? null, stopReason: state.stopReason },
    withInfinities,
  );
  const tensors = [...tensorsOf(state)];
  const covered = tensors.map(([name, { data }]) => [name, { bytes: bytesOf(data) }] as const);
  return serializeSafetensors(tensors, {
    format: stateFormat,
    version: stateVersion,
    state: json,
    checksum: checksumOf(json, covered),
  });
}
