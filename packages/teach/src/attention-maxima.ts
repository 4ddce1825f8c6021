import type { CacheView, EvictionPolicy, PolicyState } from '@namm/kv-cache';

/**
 * Records the largest attention that any later query gives to each row that a cache holds now. The queries run in forks
 * of the cache under its {@link policy}; the model needs the probe `columnMaxima`.
 */
export class AttentionMaxima {
  /** Keeps everything, and records what its forks attend to. */
  readonly policy: EvictionPolicy;
  /** Per layer and KV head `[rows]`; 0 before the first query. */
  readonly scores: readonly (readonly Float32Array[])[];

  /** @param view the cache whose rows are observed */
  constructor(view: CacheView) {
    this.scores = view.shape.layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        return new Float32Array(view.length(layer, head));
      }),
    );
    const rows = this.scores.map((heads) => heads.map(({ length }) => firstNumbers(length)));
    const start = () => this.#state(rows);
    this.policy = {
      name: 'attention-maxima',
      settings: {},
      probe: { kind: 'columnMaxima' },
      keepsEverything: true,
      start,
      restore: start,
      takeOver: start,
    };
  }

  /** @param rows which rows of the cache the first ones of the fork are, per layer and head */
  #state(rows: readonly (readonly Uint32Array[])[]): PolicyState {
    let held = rows;
    const nothing = rows.map(() => null);
    return {
      bytes: 0,
      observe: (layer, observation) => {
        for (const [head, slots] of held[layer]!.entries()) {
          const scores = this.scores[layer]![head]!;
          const seen = observation.heads[head]!;
          for (let i = 0; i < slots.length; i++) {
            if (seen[i]! > scores[slots[i]!]!) scores[slots[i]!] = seen[i]!;
          }
        }
      },
      select: async () => nothing,
      // Rows leave a sliding window; those behind the first ones are the fork's own.
      retain: (kept) => {
        held = held.map((heads, layer) =>
          heads.map((slots, head) => {
            const own = kept[layer]?.[head];
            if (own === undefined) return slots;
            return own.filter((slot) => slot < slots.length).map((slot) => slots[slot]!);
          }),
        );
      },
      fork: () => this.#state(held),
      save: () => new Map(),
    };
  }
}

function firstNumbers(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}
