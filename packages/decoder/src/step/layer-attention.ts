import type { KVCache, LayerRows, Observation, Probe } from '@namm/kv-cache';
import { projectedSize } from '../graph/build-attention.js';
import { names, pieces } from '../graph/names.js';
import { readObservations } from '../probes/read-observations.js';
import type { Feed } from '../runtime/runtime.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import type { AttentionSessions } from './attention-sessions.js';
import type { Part } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';
import type { OneQueryResult } from './one-query-attention.js';
import { isShared, PastInputs } from './past-inputs.js';

/** What the attention of one layer gave. */
export interface Attended {
  /** `[new, queryHeads · headSize]`, of all sequences. */
  readonly attended: Float32Array;
  /** Per sequence. */
  readonly rows: readonly LayerRows[];
  /** Per sequence one, or none. */
  readonly observations: readonly (readonly Observation[])[];
}

/** Sequences that go through a session together. */
interface Group {
  readonly end: number;
  readonly isForked: boolean;
}

/** The attention of one layer: sequences side by side go through one session, as many as it is made for. */
export class LayerAttention {
  /** Numbers per token of queries, keys and values side by side. */
  readonly projectedSize: number;
  /** Numbers per token that it gives. */
  readonly size: number;
  readonly #spec: AttentionSpec;
  readonly #probe: Probe;
  readonly #sessions: AttentionSessions;
  readonly #layer: number;
  /** By the number of sequences. */
  readonly #past = new Map<number, PastInputs>();

  /**
   * @param layer of the model
   * @param spec of the layer
   * @param probe what the graphs report
   * @param sessions of its graphs
   */
  constructor(layer: number, spec: AttentionSpec, probe: Probe, sessions: AttentionSessions) {
    const { queryHeads, headSize } = spec;
    this.projectedSize = projectedSize(spec, probe);
    this.size = queryHeads * headSize;
    this.#spec = spec;
    this.#probe = probe;
    this.#sessions = sessions;
    this.#layer = layer;
  }

  /**
   * @param parts the sequences
   * @param projected `[new, projectedSize]`, of all of them
   */
  async run(parts: readonly Part[], projected: Float32Array): Promise<Attended> {
    const starts = [0];
    for (const { chunk } of parts) starts.push(starts.at(-1)! + chunk.count * this.projectedSize);
    const attended: Float32Array[] = [];
    const observations: (readonly Observation[])[] = [];
    const rows = parts.map(({ chunk: { count } }, i) =>
      this.#newRows(projected.subarray(starts[i], starts[i + 1]), count),
    );
    for (let first = 0; first < parts.length; ) {
      const alone = this.#oneQuery(
        parts[first]!,
        projected.subarray(starts[first], starts[first + 1]),
      );
      if (alone) {
        attended.push(alone.attended);
        observations.push(alone.observations);
        first++;
        continue;
      }
      const { end, isForked } = this.#groupFrom(parts, first);
      const group = parts
        .slice(first, end)
        .map(({ cache, chunk: { count } }) => ({ cache, count }));
      const counts = group.map(({ count }) => count);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const own = projected.subarray(starts[first], starts[end]);
      first = end;
      const feeds = new Map<string, Feed>();
      feeds.set(names.projected, { data: own, shape: [total, this.projectedSize] });
      if (group.length > 1) {
        const data = BigInt64Array.from(counts, BigInt);
        feeds.set(names.newCounts, { data, shape: [counts.length] });
      }
      this.#pastOf(group.length).add(feeds, group, isForked ? pieces.whole : pieces.small);
      const session = this.#sessions.get(isForked, group.length);
      const outputs = await (session instanceof Promise ? await session : session).run(feeds);
      attended.push(outputs.get(names.attended)!);
      for (const [i, { cache, count }] of group.entries()) {
        const told = { outputs, layer: i, attention: this.#spec, count };
        observations.push(readObservations(told, this.#probe, cache.policy));
      }
    }
    return { attended: joinNumbers(attended), rows, observations };
  }

  /** What the kernel for one new token gives; null where the graph has to. */
  #oneQuery({ cache, chunk }: Part, projected: Float32Array): OneQueryResult | null {
    if (chunk.count !== 1) return null;
    return this.#sessions.oneQuery?.run(cache, this.#layer, this.#spec, projected) ?? null;
  }

  /** Neighbours whose rows come in the same pieces, as many as there is a session for. */
  #groupFrom(parts: readonly Part[], first: number): Group {
    const isForked = this.#isForked(parts[first]!.cache);
    let end = first + 1;
    while (end < parts.length && this.#isForked(parts[end]!.cache) === isForked) end++;
    return { end: first + this.#sessions.largest(end - first), isForked };
  }

  #isForked(cache: KVCache): boolean {
    for (let head = 0; head < this.#spec.keyValueHeads; head++) {
      if (isShared(cache.segments(this.#layer, head))) return true;
    }
    return false;
  }

  #pastOf(sequences: number): PastInputs {
    let past = this.#past.get(sequences);
    if (!past) {
      const each = { layer: this.#layer, spec: this.#spec };
      past = new PastInputs(new Array(sequences).fill(each), this.#probe);
      this.#past.set(sequences, past);
    }
    return past;
  }

  /** New keys and values, heads first. */
  #newRows(projected: Float32Array, count: number): LayerRows {
    const { keyValueHeads } = this.#spec;
    const width = keyValueHeads * this.#spec.headSize;
    return {
      keys: this.#headsFirst(projected, this.size, count),
      values: this.#headsFirst(projected, this.size + width, count),
    };
  }

  #headsFirst(projected: Float32Array, offset: number, count: number): Float32Array {
    const { keyValueHeads, headSize } = this.#spec;
    if (count === 1) return projected.subarray(offset, offset + keyValueHeads * headSize);
    const result = new Float32Array(keyValueHeads * count * headSize);
    for (let token = 0; token < count; token++) {
      const row = token * this.projectedSize + offset;
      for (let head = 0; head < keyValueHeads; head++) {
        const from = row + head * headSize;
        const own = projected.subarray(from, from + headSize);
        result.set(own, (head * count + token) * headSize);
      }
    }
    return result;
  }
}
