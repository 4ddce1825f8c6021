import { FileFormatError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheMismatchError } from '../cache-errors.js';
import type { EvictionPolicy, PolicyState } from '../contracts/eviction-policy.js';
import { createPolicy, policyNames } from '../create-policy.js';
import { KVCache } from '../kv-cache.js';
import { packState, unpackState } from '../saved-state.js';
import { adaptiveHeads } from '../scoring/adaptive-heads.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { randomTokens, runPasses, tokensHeld, updateOf } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { adaKV } from './ada-kv.js';
import { h2o } from './h2o.js';
import { l2NormScorer } from './l2-norm.js';
import { pyramidKV } from './pyramid-kv.js';
import { sinkRecent } from './sink-recent.js';
import { snapKV } from './snap-kv.js';

const shape = shapeOf(2, 2, 2, 4, 24);
const policies: EvictionPolicy[] = [
  ...policyNames.map((name) => createPolicy(name, { budget: 7, seed: 5 })),
  snapKV({ budget: 7, window: 3, kernel: 3, pooling: 'max' }),
  adaKV({ budget: 7, rule: 'original' }),
  pyramidKV({ budget: '50%', window: 2, rule: 'factory' }),
];

/** The policy, and what makes its latest state go through bytes. */
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

async function stateAfter(policy: EvictionPolicy, counts: readonly number[]): Promise<Uint8Array> {
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

const otherScorer = {
  name: 'ada-snapkv',
  scorer: l2NormScorer(),
  budget: 7,
  heads: adaptiveHeads(),
};

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

  it('is refused when it is cut off, or longer than it should be', async () => {
    for (const policy of policies) {
      const saved = await stateAfter(policy, [20, 1]);
      for (let length = 0; length < saved.length; length += 7) {
        expect(() => policy.restore(shape, saved.subarray(0, length))).toThrow(FileFormatError);
      }
      const longer = new Uint8Array(saved.length + 8);
      longer.set(saved);
      expect(() => policy.restore(shape, longer)).toThrow(FileFormatError);
      expect(() => policy.restore(shape, [] as unknown as Uint8Array)).toThrow(FileFormatError);
    }
  });

  it('is refused or read, whatever its bytes are', async () => {
    const saved = await stateAfter(snapKV({ budget: 7, window: 3 }), [20, 1]);
    const header = 160; // beyond it lie numbers only
    fc.assert(
      fc.property(fc.nat(header), fc.integer({ min: 32, max: 126 }), (at, byte) => {
        const bytes = saved.slice();
        bytes[at] = byte;
        try {
          snapKV({ budget: 7, window: 3 }).restore(shape, bytes);
        } catch (error) {
          expect([FileFormatError, CacheMismatchError]).toContain((error as Error).constructor);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      'another policy',
      sinkRecent({ budget: 7 }),
      h2o({ budget: 7 }),
      /policy: sink-recent, not h2o/,
    ],
    ['another budget', h2o({ budget: 7 }), h2o({ budget: 8 }), /settings of 'h2o'/],
    ['another seed', createPolicy('random', { budget: 7 }), policies[2]!, /: scorer.seed: 0 → 5$/],
    [
      'another scorer',
      adaKV({ budget: 7 }),
      scoredPolicy(otherScorer),
      /: scorer.name: snapkv → l2; /,
    ],
  ])('is refused by %s', async (_, saver, reader, message) => {
    const saved = await stateAfter(saver, [20]);
    expect(() => reader.restore(shape, saved)).toThrow(CacheMismatchError);
    expect(() => reader.restore(shape, saved)).toThrow(message);
  });

  it('is refused for another shape', async () => {
    const saved = await stateAfter(h2o({ budget: 7 }), [20]);
    const deeper = shapeOf(3, 2, 2, 4, 24);
    expect(() => h2o({ budget: 7 }).restore(deeper, saved)).toThrow(FileFormatError);
  });
});

describe('packState', () => {
  it('gives arrays of every type back, from bytes at any address', () => {
    const identity = { name: 'mine', settings: { nested: { list: [1, 'a', null] } } };
    const arrays = [
      Float32Array.of(1.5, -0),
      Float64Array.of(Number.NaN, 1e300, 2),
      Uint8Array.of(255),
      new Int32Array(0),
      Uint32Array.of(2 ** 32 - 1),
    ];
    const packed = packState(identity, arrays);
    const moved = new Uint8Array(packed.length + 3).subarray(3);
    moved.set(packed);
    expect(unpackState(identity, moved)).toEqual(arrays);
  });
});
