import type { Snapshot, TensorData } from '@namm/tensors/portable';
import { packHistory } from '../history.js';
import { toJson } from './json.js';
import { row } from './row.js';
import type { StrategyState } from './strategy-state.js';

export const stateFormat = { format: 'namm.cma-es', version: '2' } as const;

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

function joined(vectors: readonly Float64Array[], length: number): TensorData {
  const data = new Float64Array(vectors.length * length);
  for (const [index, vector] of vectors.entries()) data.set(vector, index * length);
  return { shape: [vectors.length, length], data };
}

function* tensorsOf(state: StrategyState): Iterable<[string, TensorData]> {
  const { options, best, model, success, penalty } = state;
  const n = state.mean.length;
  yield ['numbers', row(Float64Array.from(numberNames, (name) => state[name]))];
  yield ['mean', row(state.mean)];
  yield ['path', row(state.path)];
  for (const name of arrayOptions) yield [`options.${name}`, row(options[name])];
  if (options.bounds) {
    yield ['options.bounds.lower', row(options.bounds.lower)];
    yield ['options.bounds.upper', row(options.bounds.upper)];
  }
  if (options.minimumDeviation) {
    yield ['options.minimumDeviation', row(options.minimumDeviation)];
  }
  for (const [name, data] of Object.entries(model)) yield [`model.${name}`, row(data)];
  if (success) yield ['success.smoothed', row(Float64Array.of(success.smoothed))];
  if (success?.previous) yield ['success.previous', row(success.previous)];
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

/** The state as named tensors; options and the reason of a stop in JSON. */
export function snapshotOf(state: StrategyState): Snapshot {
  const { mean, scales, bounds, covariance, minimumDeviation, ...options } = state.options;
  const json = {
    ...options,
    bounds: bounds?.handling ?? null,
    stopReason: state.stopReason,
    ownNormals: state.ownNormals,
  };
  return {
    metadata: { ...stateFormat, state: toJson(json) },
    tensors: Object.fromEntries(tensorsOf(state)),
  };
}
