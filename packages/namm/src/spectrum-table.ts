import { FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  bins,
  completedFrames,
  FeatureState,
  type FeatureStateOptions,
  frameWeights,
  hop,
  pendingRows,
  returnedRows,
  type SavedFeatures,
  type Storage,
  windowSize,
} from '@namm/features';
import {
  type CacheShape,
  type KeptSlots,
  type Observation,
  type SavedState,
  SavedStateReader,
  type SpectrumFeeds,
  type StateArray,
  type StateTensor,
} from '@namm/kv-cache';

/** How spectra are computed and kept; whether an attention has sinks says its layer. */
export type TableOptions = Required<Omit<FeatureStateOptions, 'hasSinks'>>;

/** The spectrogram of every KV head of a sequence, kept in step with the rows of its cache. */
export class SpectrumTable {
  readonly #heads: FeatureState[][];

  private constructor(heads: FeatureState[][]) {
    this.#heads = heads;
  }

  /** Tables of an empty sequence. */
  static create(shape: CacheShape, options: TableOptions): SpectrumTable {
    return new SpectrumTable(
      shape.layers.map(({ keyValueHeads, hasSinks = false }) =>
        Array.from({ length: keyValueHeads }, () => new FeatureState({ ...options, hasSinks })),
      ),
    );
  }

  /**
   * What {@link save} gave.
   *
   * @throws {FileFormatError} when it is not the state of caches of this shape, with these options
   */
  static restore(shape: CacheShape, options: TableOptions, saved: SavedState): SpectrumTable {
    const reader = new SavedStateReader(saved);
    const heads = shape.layers.map(({ keyValueHeads, hasSinks = false }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        const take = <T extends StateArray>(part: string, type: new (length: number) => T) =>
          reader.take(tensorName(layer, head, part), type, [null]);
        return restoreHead(
          {
            counts: take('counts', Float64Array),
            lengths: take('lengths', Uint32Array),
            numbers:
              options.storage === 'float16'
                ? take('numbers', Uint16Array)
                : take('numbers', Float32Array),
          },
          { ...options, hasSinks },
        );
      }),
    );
    reader.end();
    return new SpectrumTable(heads);
  }

  /** Bytes per row and head when no attention is pending, as at every update. */
  static bytesPerRow(storage: Storage): number {
    return (bins + windowSize - hop) * (storage === 'float16' ? 2 : 4);
  }

  get bytes(): number {
    return this.#heads.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  head(layer: number, head: number): FeatureState {
    return this.#heads[layer]![head]!;
  }

  /** What the probe is fed in the next pass. All heads have seen the same. */
  feeds(queries: number): SpectrumFeeds {
    const { seen, decay } = this.head(0, 0);
    return {
      weights: Float32Array.from(frameWeights(completedFrames(seen, queries), decay)),
      pending: pendingRows(seen),
      rows: returnedRows(seen, queries),
      pendingRows: (layer, head) => this.head(layer, head).pending(),
    };
  }

  /** Takes in the probe of one layer. */
  observe(layer: number, observation: Observation): void {
    if (observation.kind !== 'spectrum') {
      const problem = `is of kind '${observation.kind}'`;
      throw new InvalidArgumentError('observation', `${problem}; a NAMM needs 'spectrum'`);
    }
    const { queries, spectra, heads } = observation;
    // A fork costs next to nothing, and if one head's numbers are refused, none has changed.
    this.#heads[layer] = this.#heads[layer]!.map((state, head) => {
      const rows = heads[head]!;
      const changed = state.fork();
      const slots = rows.length / returnedRows(state.seen, queries);
      changed.absorb({ queries, slots, spectrum: spectra[head]!, rows });
      return changed;
    });
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    for (const [layer, slots] of kept.entries()) {
      for (const [head, own] of (slots ?? []).entries()) this.head(layer, head).retain(own);
    }
  }

  fork(): SpectrumTable {
    return new SpectrumTable(this.#heads.map((heads) => heads.map((head) => head.fork())));
  }

  /** Per head its counts, the lengths of its rows, and their numbers. */
  save(): SavedState {
    const tensors = new Map<string, StateTensor>();
    for (const [layer, heads] of this.#heads.entries()) {
      for (const [head, state] of heads.entries()) {
        for (const [part, data] of Object.entries(state.save()) as [string, StateArray][]) {
          const isHalf = data instanceof Uint16Array;
          const tensor = { shape: [data.length], data, ...(isHalf && { dtype: 'F16' as const }) };
          tensors.set(tensorName(layer, head, part), tensor);
        }
      }
    }
    return tensors;
  }
}

function tensorName(layer: number, head: number, part: string): string {
  return `layers.${layer}.heads.${head}.${part}`;
}

function restoreHead(saved: SavedFeatures, options: Required<FeatureStateOptions>): FeatureState {
  try {
    return FeatureState.restore(saved, options);
  } catch (cause) {
    throw new FileFormatError('saved state of a NAMM', 'holds a head that is damaged', { cause });
  }
}
