import type { CacheShape, EvictionPolicy, PolicyState } from '@namm/kv-cache';

/**
 * Records, while a text is read, the largest attention that each token receives from chunks that begin at least
 * `distance` tokens after it: what the text itself needs again. For one sequence, whose policy keeps everything.
 */
export class ReadingMaxima {
  readonly policy: EvictionPolicy;
  /** Per layer and KV head `[tokens]`; 0 for tokens that nothing has looked back at yet. */
  readonly scores: readonly (readonly Float32Array[])[];

  /** @param tokens of the text, at most */
  constructor({ layers }: CacheShape, tokens: number, distance: number) {
    this.scores = layers.map(({ keyValueHeads }) =>
      Array.from({ length: keyValueHeads }, () => new Float32Array(tokens)),
    );
    const nothing = layers.map(() => null);
    let seen = 0;
    const state: PolicyState = {
      bytes: 0,
      observe: (layer, { heads }) => {
        const far = Math.min(tokens, seen - distance);
        for (const [head, received] of heads.entries()) {
          const scores = this.scores[layer]![head]!;
          for (let token = 0; token < far; token++) {
            if (received[token]! > scores[token]!) scores[token] = received[token]!;
          }
        }
      },
      select: async (view) => {
        seen = view.seen;
        return nothing;
      },
      retain() {}, // rows outside of windows stay, too
      fork: () => state,
      save: () => new Map(),
    };
    const start = () => state;
    this.policy = {
      name: 'reading-maxima',
      settings: {},
      probe: { kind: 'columnMaxima' },
      start,
      restore: start,
    };
  }
}
