import type { FloatArray } from '@namm/core';
import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type { CacheView, KeptSlots } from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';
import type { RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState } from '../contracts/saved-state.js';
import { badState, SavedStateReader } from '../saved-state-reader.js';
import { poolRows } from './pool-rows.js';
import { RowTable } from './row-table.js';

/** Settings of SnapKV, all resolved. */
export interface SnapKVSettings {
  readonly window: number;
  readonly kernel: number;
  readonly pooling: 'average' | 'max';
}

/**
 * The attention of the last w queries to every row: per row `[w, lanes]`, a ring over the queries. The
 * average commutes with the mean over the group, so average pooling needs one lane per KV head; the
 * maximum does not and needs one lane per query head.
 */
export class SnapKVState implements RowScorerState {
  readonly #settings: SnapKVSettings;
  readonly #layers: readonly LayerShape[];
  readonly #attention: RowTable<Float32Array>;
  /** Queries seen per layer; the newest is at (queries − 1) mod w of the ring. */
  readonly #queries: number[];
  #sums = new Float64Array(0);

  private constructor(
    settings: SnapKVSettings,
    layers: readonly LayerShape[],
    attention: RowTable<Float32Array>,
    queries: number[],
  ) {
    this.#settings = settings;
    this.#layers = layers;
    this.#attention = attention;
    this.#queries = queries;
  }

  static start(shape: CacheShape, settings: SnapKVSettings): SnapKVState {
    const width = (layer: LayerShape) => SnapKVState.width(layer, settings);
    const table = RowTable.create(shape, Float32Array, width);
    return new SnapKVState(settings, shape.layers, table, new Array(shape.layers.length).fill(0));
  }

  /** @throws {FileFormatError} when the tensors are not those that {@link save} gave */
  static restore(shape: CacheShape, settings: SnapKVSettings, saved: SavedState): SnapKVState {
    const reader = new SavedStateReader(saved);
    const width = (layer: LayerShape) => SnapKVState.width(layer, settings);
    const table = RowTable.restore(shape, Float32Array, reader, 'attention', width);
    const queries = reader.take('queries', Float64Array, [shape.layers.length]);
    reader.end();
    const wrong = queries.find((count) => !Number.isSafeInteger(count) || count < 0);
    if (wrong !== undefined) throw badState(`counts ${wrong} queries`);
    return new SnapKVState(settings, shape.layers, table, [...queries]);
  }

  /** Numbers remembered per row. */
  static width(layer: LayerShape, { window, pooling }: SnapKVSettings): number {
    return window * lanesOf(layer, pooling);
  }

  get bytes(): number {
    return this.#attention.bytes;
  }

  observe(layer: number, observation: Observation): void {
    if (observation.kind !== 'lastQueries') return; // the cache has checked that it is
    const { window, pooling } = this.#settings;
    const shape = this.#layers[layer]!;
    const lanes = lanesOf(shape, pooling);
    const group = shape.queryHeads / shape.keyValueHeads;
    const { rows } = observation;
    for (const [head, attention] of observation.heads.entries()) {
      const slots = attention.length / (group * rows);
      const ring = this.#attention.head(layer, head);
      ring.extend(slots);
      for (let row = 0; row < rows; row++) {
        const place = ((this.#queries[layer]! + row) % window) * lanes;
        for (let slot = 0; slot < slots; slot++) {
          const target = slot * window * lanes + place;
          writeQuery(attention, row * slots + slot, rows * slots, group, ring.array, target, lanes);
        }
      }
    }
    this.#queries[layer]! += rows;
  }

  score(
    view: CacheView,
    layer: number,
    _slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    const { window, kernel, pooling } = this.#settings;
    const lanes = lanesOf(view.shape.layers[layer]!, pooling);
    for (const [head, target] of scores.entries()) {
      const { array } = this.#attention.head(layer, head);
      const candidates = Math.max(0, target.length - window);
      if (this.#sums.length < candidates) this.#sums = new Float64Array(candidates * 2);
      target.fill(0);
      for (let lane = 0; lane < lanes; lane++) {
        for (let slot = 0; slot < candidates; slot++) {
          let sum = 0;
          const end = (slot + 1) * window * lanes;
          for (let i = slot * window * lanes + lane; i < end; i += lanes) sum += array[i]!;
          this.#sums[slot] = sum;
        }
        poolRows(this.#sums, candidates, kernel, pooling, target);
      }
    }
  }

  endPass(): void {}

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#attention.retain(kept);
  }

  fork(): RowScorerState {
    return new SnapKVState(this.#settings, this.#layers, this.#attention.fork(), [
      ...this.#queries,
    ]);
  }

  release(): void {
    this.#attention.clear();
  }

  save(): SavedState {
    const queries = Float64Array.from(this.#queries);
    return new Map([
      ...this.#attention.save('attention'),
      ['queries', { shape: [queries.length], data: queries }],
    ]);
  }
}

function lanesOf(layer: LayerShape, pooling: 'average' | 'max'): number {
  return pooling === 'average' ? 1 : layer.queryHeads / layer.keyValueHeads;
}

/** Writes one query's attention to one row: per query head, or their mean when there is one lane. */
function writeQuery(
  source: FloatArray,
  start: number,
  stride: number,
  group: number,
  target: Float32Array,
  at: number,
  lanes: number,
): void {
  if (lanes === group) {
    for (let g = 0; g < group; g++) target[at + g] = source[start + g * stride]!;
    return;
  }
  let sum = 0;
  for (let g = 0; g < group; g++) sum += source[start + g * stride]!;
  target[at] = sum / group;
}
