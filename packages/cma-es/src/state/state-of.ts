import { FileFormatError } from '@namm/core/portable';
import type { SnapshotSource } from '@namm/tensors/portable';
import { unpackHistory } from '../history.js';
import type { ResolvedOptions } from '../options.js';
import type { StopReason } from '../stop.js';
import { checkFormat } from './check-format.js';
import { fromJson } from './json.js';
import { arrayOptions, numberNames, stateFormat } from './snapshot-of.js';
import type { StrategyState } from './strategy-state.js';

const file = 'saved strategy';

function fail(problem: string): never {
  throw new FileFormatError(file, problem);
}

type SavedOptions = Omit<
  ResolvedOptions,
  'mean' | 'scales' | 'bounds' | 'covariance' | 'minimumDeviation'
> & {
  readonly bounds: 'clip' | 'penalty' | null;
  readonly stopReason: StopReason | null;
  readonly ownNormals: boolean;
};

/** The bytes in memory of their own, where any typed array may begin. */
const aligned = (bytes: Uint8Array) => bytes.slice().buffer;

/** Typed arrays of the tensors, by name. */
class Tensors {
  readonly #tensors: SnapshotSource['tensors'];

  constructor(tensors: SnapshotSource['tensors']) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  doubles(name: string, length?: number): Float64Array {
    const tensor = this.#tensors.get(name);
    if (tensor?.dtype !== 'F64') return fail(`has no list of numbers named ${name}`);
    const values = new Float64Array(aligned(tensor.bytes));
    if (length !== undefined && values.length !== length) {
      return fail(`${name} has ${values.length} numbers where ${length} are needed`);
    }
    return values;
  }

  rows(name: string, length: number): Float64Array[] {
    const values = this.doubles(name);
    if (values.length % length !== 0) fail(`${name} does not divide into rows of ${length}`);
    return Array.from({ length: values.length / length }, (_, row) =>
      values.slice(row * length, (row + 1) * length),
    );
  }

  /** All tensors of a group, whatever their type. */
  group(prefix: string): Record<string, Float64Array | Float32Array> {
    const entries = [...this.#tensors].filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(
      entries.map(([name, { dtype, bytes }]) => {
        const values = dtype === 'F32' ? new Float32Array(aligned(bytes)) : this.doubles(name);
        return [name.slice(prefix.length), values];
      }),
    );
  }

  bytes(name: string): Uint8Array {
    return this.#tensors.get(name)?.bytes ?? fail(`has no ${name}`);
  }
}

/** @throws {FileFormatError} for tensors and texts that are no strategy's */
export function stateOf(source: SnapshotSource): StrategyState {
  checkFormat(source.metadata, stateFormat.format, stateFormat.version, file);
  const tensors = new Tensors(source.tensors);
  const saved = fromJson(source.metadata.get('state') ?? '') as SavedOptions | undefined;
  if (typeof saved !== 'object' || saved === null) return fail('its options are not JSON');
  const { stopReason, bounds: handling, ownNormals, ...options } = saved;
  const n = tensors.doubles('mean').length;
  const [mean, scales] = arrayOptions.map((name) => tensors.doubles(`options.${name}`, n)) as [
    Float64Array,
    Float64Array,
  ];
  const bounds = handling && {
    lower: tensors.doubles('options.bounds.lower', n),
    upper: tensors.doubles('options.bounds.upper', n),
    handling,
  };
  const values = tensors.doubles('numbers', numberNames.length);
  const numbers = Object.fromEntries(numberNames.map((name, i) => [name, values[i]!])) as Record<
    (typeof numberNames)[number],
    number
  >;
  const started = tensors.has('told');
  return {
    ...numbers,
    options: {
      ...options,
      ...{ mean, scales, bounds, covariance: null },
      minimumDeviation: tensors.has('options.minimumDeviation')
        ? tensors.doubles('options.minimumDeviation', n)
        : null,
    },
    ownNormals,
    stopReason,
    mean: tensors.doubles('mean', n),
    path: tensors.doubles('path', n),
    best: tensors.has('best.numbers') ? bestOf(tensors, options.run, n) : null,
    history: unpackHistory(tensors.doubles('history')) ?? fail('its history is incomplete'),
    model: tensors.group('model.'),
    success: tensors.has('success.smoothed')
      ? {
          smoothed: tensors.doubles('success.smoothed', 1)[0]!,
          previous: tensors.has('success.previous') ? tensors.doubles('success.previous') : null,
        }
      : null,
    fitness: started ? tensors.doubles('fitness') : null,
    told: started ? tensors.bytes('told') : null,
    injected: tensors.rows('injected', n),
    used: tensors.rows('used', n),
    penalty: tensors.has('penalty.weights')
      ? {
          weights: tensors.doubles('penalty.weights', n),
          ranges: tensors.doubles('penalty.ranges'),
        }
      : null,
  };
}

function bestOf(tensors: Tensors, run: string, n: number): StrategyState['best'] {
  const [fitness, generation, index] = tensors.doubles('best.numbers', 3) as unknown as [
    number,
    number,
    number,
  ];
  const id = { run, generation, index, repeat: 0 };
  return { id, parameters: tensors.doubles('best.parameters', n), fitness };
}
