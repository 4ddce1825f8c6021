import type { LayerRows, Observation, Probe } from '@namm/kv-cache';
import { projectedSize } from '../graph/build-attention.js';
import { names, type Piece, pieces } from '../graph/names.js';
import { readObservations } from '../probes/read-observations.js';
import type { Feed, Session } from '../runtime/runtime.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import type { Part } from './forward-pass.js';
import type { OneQueryAttention } from './one-query-attention.js';
import { PastInputs } from './past-inputs.js';

/** What computes the attention of layers that are alike: sessions of `buildAttention`, without the piece of past that forks share, which most caches have not, and with it. */
export interface AttentionSessions {
  /** What is faster for one new token; null where there is nothing. */
  readonly oneQuery: OneQueryAttention | null;
  readonly alone: Session;
  /** Loaded when it is asked for. */
  readonly forked: () => Promise<Session>;
}

/** What the attention of one layer gave one sequence. */
export interface Attended {
  /** `[new, queryHeads · headSize]` */
  readonly attended: Float32Array;
  readonly rows: LayerRows;
  /** One, or none. */
  readonly observations: readonly Observation[];
}

/** The attention of one layer, sequence by sequence. */
export class LayerAttention {
  /** Numbers per token of queries, keys and values side by side. */
  readonly projectedSize: number;
  /** Numbers per token that it gives. */
  readonly size: number;
  readonly #layer: number;
  readonly #spec: AttentionSpec;
  readonly #probe: Probe;
  readonly #sessions: AttentionSessions;
  readonly #past: PastInputs;

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
    this.#layer = layer;
    this.#spec = spec;
    this.#probe = probe;
    this.#sessions = sessions;
    this.#past = new PastInputs([{ layer, spec }], probe);
  }

  /**
   * @param part a sequence
   * @param projected `[new, projectedSize]`
   */
  async run({ cache, chunk: { count } }: Part, projected: Float32Array): Promise<Attended> {
    if (count === 1) {
      const { oneQuery } = this.#sessions;
      const result = oneQuery?.run(cache, this.#layer, this.#spec, projected);
      if (result) return { ...result, rows: this.#newRows(projected, count) };
    }
    const feeds = new Map<string, Feed>();
    feeds.set(names.projected, { data: projected, shape: [count, this.projectedSize] });
    let isForked = false;
    this.#past.add(feeds, cache, count, (isShared): readonly Piece[] => {
      isForked = isShared;
      return isShared ? pieces.whole : pieces.small;
    });
    const session = isForked ? await this.#sessions.forked() : this.#sessions.alone;
    const outputs = await session.run(feeds);
    const told = { outputs, layer: 0, attention: this.#spec, count };
    return {
      attended: outputs.get(names.attended)!,
      rows: this.#newRows(projected, count),
      observations: readObservations(told, this.#probe, cache.policy),
    };
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
