import { isDeepStrictEqual } from 'node:util';
import type { Scorer } from '@namm/bam';
import { InvalidArgumentError } from '@namm/core';
import { type FeatureEncoder, type KeyFeature, meansNearby, measureKeys } from '@namm/features';
import type {
  CacheView,
  EvictionPolicy,
  KeptSlots,
  Observation,
  PolicyState,
  SavedState,
  ScoreListener,
  SpectrumFeeds,
} from '@namm/kv-cache';
import type { HeadBias } from './checkpoint/checkpoint.js';
import { type SelectionSemantics, selectSlots } from './select-slots.js';
import type { SpectrumTable, TableOptions } from './spectrum-table.js';

/** How scores become decisions. */
interface Rules {
  readonly semantics: SelectionSemantics;
  readonly scoreOffset: number;
  readonly sinks: number;
  readonly tail: number;
  readonly pooling: number;
}

/** What the states of one policy share. */
export interface NammParts {
  readonly policy: EvictionPolicy;
  readonly scorer: Scorer;
  readonly encoder: FeatureEncoder;
  /** The encoder's key features. */
  readonly keys: readonly KeyFeature[];
  readonly headBias?: HeadBias;
  readonly updateInterval: number;
  readonly rules: Rules;
  /** Rows that each head may keep. */
  readonly slots: (seen: number) => number;
  /** How spectra are computed and kept. */
  readonly tableOptions: TableOptions;
}

/**
 * The features of a layer, written anew for every decision: memory asked for each time would be collected as
 * garbage each time. As large as the largest layer so far needs, 100 bytes per row.
 */
let scratch = new Float32Array(0);

/** What a NAMM remembers of one sequence: spectrograms. Scores are recomputed at every update. */
export class NammState implements PolicyState {
  readonly #parts: NammParts;
  readonly #table: SpectrumTable;

  constructor(parts: NammParts, table: SpectrumTable) {
    this.#parts = parts;
    this.#table = table;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  observe(layer: number, observation: Observation): void {
    this.#table.observe(layer, observation);
  }

  spectrumFeeds(queries: number): SpectrumFeeds {
    return this.#table.feeds(queries);
  }

  async select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]> {
    const isDue = view.seen % this.#parts.updateInterval === 0;
    return view.shape.layers.map((_, layer) =>
      isDue ? this.#selectLayer(view, layer, onScores) : null,
    );
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#table.retain(kept);
  }

  fork(): PolicyState {
    return new NammState(this.#parts, this.#table.fork());
  }

  /**
   * The state of another NAMM that has seen the same: only scorers and rules may differ.
   *
   * @throws {InvalidArgumentError} when the other one's spectra are computed or kept in another way
   */
  under(parts: NammParts): NammState {
    if (!isDeepStrictEqual(this.#parts.tableOptions, parts.tableOptions)) {
      const [own, wanted] = [this.#parts, parts].map((each) => JSON.stringify(each.tableOptions));
      throw new InvalidArgumentError('state', `has spectra with ${own}, not ${wanted}`);
    }
    return new NammState(parts, this.#table.fork());
  }

  save(): SavedState {
    return this.#table.save();
  }

  #selectLayer(view: CacheView, layer: number, onScores?: ScoreListener): KeptSlots | null {
    const { rules, slots } = this.#parts;
    const scores = this.#scoreLayer(view, layer);
    for (const [head, own] of scores.entries()) {
      onScores?.(layer, head, own.subarray(0, Math.max(0, own.length - rules.tail)));
      const tokens = view.tokens(layer, head);
      for (let i = 0; i < own.length && tokens[i]! < rules.sinks; i++) own[i] = Infinity;
    }
    const limits = { tail: rules.tail, slots: slots(view.seen) };
    const kept = selectSlots(scores, rules.semantics, limits);
    return kept.every((own, head) => own.length === scores[head]!.length) ? null : kept;
  }

  /** Scores of a layer, offset included, `[rows]` per KV head. */
  #scoreLayer(view: CacheView, layer: number): Float64Array[] {
    const { encoder, scorer, rules, keys, headBias } = this.#parts;
    const heads = view.shape.layers[layer]!.keyValueHeads;
    const lengths = Array.from({ length: heads }, (_, head) => view.length(layer, head));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (scratch.length < total * encoder.size) {
      scratch = new Float32Array(Math.ceil(1.25 * total) * encoder.size);
    }
    const features = scratch.subarray(0, total * encoder.size);
    let start = 0;
    for (const [head, length] of lengths.entries()) {
      const positions = view.tokens(layer, head);
      const tokens = {
        ...{ positions, newest: view.seen - 1, layer, head },
        ...(keys.length > 0 && { keys: keysOf(view, layer, head, keys) }),
      };
      const target = features.subarray(start * encoder.size, (start + length) * encoder.size);
      encoder.encode(this.#table.head(layer, head), tokens, target);
      start += length;
    }
    const scores = scorer.score(features, lengths);
    let from = 0;
    return lengths.map((length, head) => {
      const alone = scores.subarray(from, from + length);
      const own =
        rules.pooling === 0
          ? Float64Array.from(alone)
          : meansNearby(alone, view.tokens(layer, head), rules.pooling);
      from += length;
      const bias = headBias?.values[layer * headBias.heads + head] ?? 0;
      const offset = rules.scoreOffset + bias;
      if (offset !== 0) for (let i = 0; i < length; i++) own[i]! += offset;
      return own;
    });
  }
}

/** Raw key features of the rows of a head, `[features, rows]`. */
export function keysOf(
  view: CacheView,
  layer: number,
  head: number,
  features: readonly KeyFeature[],
): Float32Array {
  const { headSize } = view.shape.layers[layer]!;
  return measureKeys(features, [view.keys(layer, head)], headSize, view.tokens(layer, head));
}
