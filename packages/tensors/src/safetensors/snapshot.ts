import type { TensorData } from './safetensors-pieces.js';

/**
 * A state at a moment as named tensors and a few texts, to be put into a file of the caller's own: names may be given
 * a prefix there, and the file's own digest covers them.
 */
export interface Snapshot {
  /** Format, version, and as JSON what is not a list of numbers. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** What a file says of a tensor, and its bytes: enough to read a {@link Snapshot} back. */
export interface SnapshotSource {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, { readonly dtype: string; readonly bytes: Uint8Array }>;
}

const entries = <Value>(record: Readonly<Record<string, Value>>, prefix: string) =>
  Object.entries(record).map(([name, value]) => [prefix + name, value] as const);

/** The same snapshot under names that begin with a prefix. */
export function withPrefix({ metadata, tensors }: Snapshot, prefix: string): Snapshot {
  return {
    metadata: Object.fromEntries(entries(metadata, prefix)),
    tensors: Object.fromEntries(entries(tensors, prefix)),
  };
}

function partOf<Value>(map: ReadonlyMap<string, Value>, prefix: string): Map<string, Value> {
  const part = [...map].filter(([name]) => name.startsWith(prefix));
  return new Map(part.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** What has names that begin with a prefix, without it. */
export function underPrefix<Tensor>(
  source: {
    readonly metadata: ReadonlyMap<string, string>;
    readonly tensors: ReadonlyMap<string, Tensor>;
  },
  prefix: string,
): { readonly metadata: Map<string, string>; readonly tensors: Map<string, Tensor> } {
  const { metadata, tensors } = source;
  return { metadata: partOf(metadata, prefix), tensors: partOf(tensors, prefix) };
}
