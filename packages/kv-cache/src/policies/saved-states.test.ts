import { FileFormatError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvictionPolicy, PolicyState } from '../contracts/eviction-policy.js';
import type { SavedState, StateTensor } from '../contracts/saved-state.js';
import { createPolicy, policyNames } from '../create-policy.js';
import { KVCache } from '../kv-cache.js';
import { randomTokens, runPasses, tokensHeld, updateOf } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { adaKV } from './ada-kv.js';
import { h2o } from './h2o.js';
import { pyramidKV } from './pyramid-kv.js';
import { snapKV } from './snap-kv.js';

const shape = shapeOf(2, 2, 2, 4, 24);
const policies: EvictionPolicy[] = [
  ...policyNames.map((name) => createPolicy(name, { budget: 7, seed: 5 })),
  snapKV({ budget: 7, window: 3, kernel: 3, pooling: 'max' }),
  adaKV({ budget: 7, rule: 'original' }),
  pyramidKV({ budget: '50%', window: 2, rule: 'factory' }),
];

/** The policy, and what makes its latest state go through what it saves. */
function resaved(policy: EvictionPolicy): { policy: EvictionPolicy; resave: () => void } {
  let state: PolicyState;
  const wrapped: PolicyState = {
    get bytes() {
      return state.bytes;
    },
    observe: (layer, observation) => state.observe(layer, observation),
    select: (view) => state.select(view),
    retain: (kept) => state.retain(kept),
    fork: () => state.fork(),
    save: () => state.save(),
  };
  return {
    policy: {
      ...policy,
      start(of) {
        state = policy.start(of);
        return wrapped;
      },
    },
    resave() {
      state = policy.restore(shape, state.save());
    },
  };
}

async function stateAfter(policy: EvictionPolicy, counts: readonly number[]): Promise<SavedState> {
  let state: PolicyState | undefined;
  const watched: EvictionPolicy = {
    ...policy,
    start(of) {
      state = policy.start(of);
      return state;
    },
  };
  await runPasses(new KVCache(shape, { policy: watched }), randomTokens(shape, 40, 3), counts);
  return state!.save();
}

describe('a saved state', () => {
  it('goes on as if it had never been saved, under every policy', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        for (const policy of policies) {
          const plain = new KVCache(shape, { policy });
          const { policy: wrapped, resave } = resaved(policy);
          const saved = new KVCache(shape, { policy: wrapped });
          for (const count of counts) {
            resave();
            await plain.update(updateOf(plain, tokens, count));
            await saved.update(updateOf(saved, tokens, count));
            expect(tokensHeld(saved), policy.name).toEqual(tokensHeld(plain));
            expect(saved.memory()).toEqual(plain.memory());
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('is refused when a tensor is missing, strange or changed', async () => {
    for (const policy of policies) {
      const saved = await stateAfter(policy, [20, 1]);
      const restore = (changes: (tensors: Map<string, StateTensor>) => void) => () => {
        const tensors = new Map(saved);
        changes(tensors);
        policy.restore(shape, tensors);
      };
      expect(restore(() => {})).not.toThrow();
      const strange = { shape: [1], data: Float64Array.of(1) };
      expect(restore((all) => all.set('strange', strange))).toThrow(/holds strange/);
      for (const [name, { shape: sizes, data }] of saved) {
        expect(restore((all) => all.delete(name))).toThrow(FileFormatError);
        const [longer, other] = [
          { shape: [...sizes, 2], data },
          { shape: sizes, data: Uint8Array.from(data) },
        ];
        for (const tensor of [longer, other]) {
          expect(restore((all) => all.set(name, tensor))).toThrow(FileFormatError);
        }
      }
      const bytes = new Uint8Array(8) as unknown as SavedState;
      expect(() => policy.restore(shape, bytes)).toThrow(FileFormatError);
    }
  });

  it('is refused with counts that cannot be', async () => {
    const policy = snapKV({ budget: 7, window: 3 });
    const saved = new Map(await stateAfter(policy, [20, 1]));
    saved.set('queries', { shape: [2], data: Float64Array.of(21, -1) });
    expect(() => policy.restore(shape, saved)).toThrow(/counts -1 queries/);
  });

  it('is refused for another shape', async () => {
    const saved = await stateAfter(h2o({ budget: 7 }), [20]);
    const deeper = shapeOf(3, 2, 2, 4, 24);
    expect(() => h2o({ budget: 7 }).restore(deeper, saved)).toThrow(FileFormatError);
  });
});
