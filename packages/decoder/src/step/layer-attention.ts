import type { KVCache, LayerRows, Observation, Probe } from '@namm/kv-cache';
import { projectedSize } from '../graph/build-attention.js';
import { names, pieces } from '../graph/names.js';
import { readObservations } from '../probes/read-observations.js';
import type { Feed } from '../runtime/runtime.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import type { AttentionSessions } from './attention-sessions.js';
import { cutChunk } from './cut-chunk.js';
import type { Part } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';
import type { OneQueryResult } from './one-query-attention.js';
import { type Continued, isShared, PastInputs } from './past-inputs.js';

/** What the attention of one layer gave. */
export interface Attended {
  /** `[new, queryHeads · headSize]`, of all sequences. */
  readonly attended: Float32Array;
  /** Per sequence. */
  readonly rows: readonly LayerRows[];
  /** Per sequence one, or none. */
  readonly observations: readonly (readonly Observation[])[];
}

/** Sequences, or parts of one, that go through a session together. */
interface Group {
  /** The first sequence behind them. */
  readonly end: number;
  readonly turns: readonly Continued[];
  /** Whether the past comes in two pieces. */
  readonly isInTwo: boolean;
}

/** The attention of one layer: sequences side by side go through one session, as many as it is made for. */
export class LayerAttention {
  /** Numbers per token of queries, keys and values side by side. */
  readonly projectedSize: number;
  /** Numbers per token that it gives. */
  readonly size: number;
  /** Numbers per token of keys and values. */
  readonly rowNumbers: number;
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
    const { queryHeads, keyValueHeads, headSize } = spec;
    this.projectedSize = projectedSize(spec, probe);
    this.size = queryHeads * headSize;
    this.rowNumbers = 2 * keyValueHeads * headSize;
    this.#spec = spec;
    this.#probe = probe;
    this.#sessions = sessions;
    this.#layer = layer;
  }

  /**
   * @param parts the sequences
   * @param projected `[new, projectedSize]`, of all of them
   * @param memory per sequence, takes its new rows, `rowNumbers` of them, where it has several tokens
   */
  async run(
    parts: readonly Part[],
    projected: Float32Array,
    memory: readonly Float32Array[],
  ): Promise<Attended> {
    const starts = [0];
    for (const { chunk } of parts) starts.push(starts.at(-1)! + chunk.count * this.projectedSize);
    const attended: Float32Array[] = [];
    const observations: (readonly Observation[])[] = [];
    const rows = parts.map(({ chunk: { count } }, i) =>
      this.#newRows(projected.subarray(starts[i], starts[i + 1]), count, memory[i]!),
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
      const { end, turns, isInTwo } = this.#groupFrom(parts, rows, first);
      const counts = turns.map(({ count }) => count);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const own = projected.subarray(starts[first], starts[end]);
      const feeds = new Map<string, Feed>();
      feeds.set(names.projected, { data: own, shape: [total, this.projectedSize] });
      if (turns.length > 1) {
        const data = BigInt64Array.from(counts, BigInt);
        feeds.set(names.newCounts, { data, shape: [counts.length] });
      }
      this.#pastOf(turns.length).add(feeds, turns, isInTwo ? pieces.whole : pieces.small);
      const session = this.#sessions.get(isInTwo, turns.length);
      const outputs = await (session instanceof Promise ? await session : session).run(feeds);
      attended.push(outputs.get(names.attended)!);
      for (const [i, { cache, chunk }] of parts.slice(first, end).entries()) {
        const told = { outputs, layer: i, attention: this.#spec, count: chunk.count };
        observations.push(readObservations(told, this.#probe, cache.policy));
      }
      first = end;
    }
    return { attended: joinNumbers(attended), rows, observations };
  }

  /** What the kernel for one new token gives; null where the graph has to. */
  #oneQuery({ cache, chunk }: Part, projected: Float32Array): OneQueryResult | null {
    if (chunk.count !== 1) return null;
    return this.#sessions.oneQuery?.run(cache, this.#layer, this.#spec, projected) ?? null;
  }

  /** The parts of a long chunk, or neighbours whose rows come in the same pieces, as many as there is a session for. */
  #groupFrom(parts: readonly Part[], rows: readonly LayerRows[], first: number): Group {
    const { cache, chunk } = parts[first]!;
    const isForked = this.#isForked(cache);
    if (!isForked && this.#canCut(cache)) {
      const turns = cutChunk(cache, rows[first]!, chunk.count, this.#sessions.sizes);
      if (turns.length > 1) return { end: first + 1, turns, isInTwo: true };
    }
    let end = first + 1;
    while (end < parts.length && this.#isForked(parts[end]!.cache) === isForked) end++;
    end = first + this.#sessions.largest(end - first);
    const alike = parts.slice(first, end);
    const turns = alike.map(({ cache, chunk: { count } }) => ({ cache, count }));
    return { end, turns, isInTwo: isForked };
  }

  /** Whether nothing is told of a chunk as a whole, and new rows can be read beside those of the cache. */
  #canCut({ shape: { dtype = 'fp32' } }: KVCache): boolean {
    return this.#probe.kind === 'none' && this.#spec.window === null && dtype === 'fp32';
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

  /** New keys and values, heads first: those of a single token stay where they are. */
  #newRows(projected: Float32Array, count: number, memory: Float32Array): LayerRows {
    const width = this.rowNumbers / 2;
    const [first, second] = [this.size, this.size + width];
    if (count === 1) {
      const own = (from: number) => projected.subarray(from, from + width);
      return { keys: own(first), values: own(second) };
    }
    const keys = memory.subarray(0, width * count);
    const values = memory.subarray(width * count);
    this.#putHeadsFirst(projected, first, keys);
    this.#putHeadsFirst(projected, second, values);
    return { keys, values };
  }

  #putHeadsFirst(projected: Float32Array, offset: number, rows: Float32Array): void {
    const { keyValueHeads, headSize } = this.#spec;
    const count = projected.length / this.projectedSize;
    for (let token = 0; token < count; token++) {
      const row = token * this.projectedSize + offset;
      for (let head = 0; head < keyValueHeads; head++) {
        const from = row + head * headSize;
        const own = projected.subarray(from, from + headSize);
        rows.set(own, (head * count + token) * headSize);
      }
    }
  }
}
