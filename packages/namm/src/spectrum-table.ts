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
  type Storage,
  windowSize,
} from '@namm/features';
import type { CacheShape, KeptSlots, Observation, SpectrumFeeds, StateArray } from '@namm/kv-cache';

/** The spectrogram of every KV head of a sequence, kept in step with the rows of its cache. */
export class SpectrumTable {
  readonly #heads: FeatureState[][];

  private constructor(heads: FeatureState[][]) {
    this.#heads = heads;
  }

  /** Tables of an empty sequence. */
  static create(shape: CacheShape, options: Required<FeatureStateOptions>): SpectrumTable {
    return new SpectrumTable(
      shape.layers.map(({ keyValueHeads }) =>
        Array.from({ length: keyValueHeads }, () => new FeatureState(options)),
      ),
    );
  }

  /**
   * What {@link save} gave.
   *
   * @throws {FileFormatError} when it is not the state of caches of this shape, with these options
   */
  static restore(
    shape: CacheShape,
    options: Required<FeatureStateOptions>,
    saved: readonly StateArray[],
  ): SpectrumTable {
    const next = saved.values();
    const heads = shape.layers.map(({ keyValueHeads }) =>
      Array.from({ length: keyValueHeads }, () => restoreHead(next.next().value, options)),
    );
    if (!next.next().done) throw damaged('holds more heads than the model has');
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

  save(): Uint8Array[] {
    return this.#heads.flat().map((head) => head.save());
  }
}

function restoreHead(
  saved: StateArray | undefined,
  { storage, decay }: Required<FeatureStateOptions>,
): FeatureState {
  if (!(saved instanceof Uint8Array)) throw damaged('lacks the state of a head');
  try {
    const state = FeatureState.restore(saved);
    if (state.storage === storage && state.decay === decay) return state;
  } catch (cause) {
    throw new FileFormatError('saved state of a NAMM', 'holds a head that is damaged', { cause });
  }
  throw damaged('was written with another storage or decay');
}

function damaged(problem: string): FileFormatError {
  return new FileFormatError('saved state of a NAMM', problem);
}
