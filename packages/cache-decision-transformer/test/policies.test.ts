import { InvalidArgumentError, Random } from '@namm/core';
import {
  h2oScorer,
  KVCache,
  type RowScorer,
  randomScorer,
  scoredPolicy,
  sinkRecentScorer,
} from '@namm/kv-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dropOldReturns,
  newestSteps,
  protectSteps,
  type RowKind,
  rowKindsOf,
  stepWindow,
} from '../src/index.js';

const layer = { keyValueHeads: 2, queryHeads: 2, headSize: 2, window: null };
const kinds = ['return', 'state', 'action'] as const;
const shapeOf = (rowKinds: readonly RowKind[]) => ({
  ...{ model: 'toy', layers: [layer, layer], rowKinds },
});

/** Feeds passes of the given sizes with random rows; attention as a probe wants it. */
async function feed(cache: KVCache, passes: readonly number[]): Promise<void> {
  const random = new Random(3);
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
  for (const count of passes) {
    const rows = cache.shape.layers.map(() => ({
      keys: numbers(2 * count * 2),
      values: numbers(2 * count * 2),
    }));
    const observations =
      cache.policy.probe.kind === 'columnSums'
        ? cache.shape.layers.map((_, l) => ({
            kind: 'columnSums' as const,
            heads: [0, 1].map((head) => numbers(cache.length(l, head) + count).map(Math.abs)),
          }))
        : [];
    await cache.update({ count, rows, observations });
  }
}

const passSizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 });
const count = fc.option(fc.integer({ min: 1, max: 4 }), { nil: 'all' as const });

describe('newestSteps', () => {
  it.each([{ rowKinds: kinds }, { rowKinds: ['state', 'action'] as const }])(
    'keeps what a list of all tokens says, for $rowKinds',
    async ({ rowKinds }) => {
      const hasReturns = rowKinds.length === 3;
      await fc.assert(
        fc.asyncProperty(
          passSizes,
          count,
          count,
          count,
          async (passes, returns, states, actions) => {
            const options = { ...(hasReturns && { returns }), states, actions };
            const cache = new KVCache(shapeOf(rowKinds), { policy: newestSteps(options) });
            await feed(cache, passes);
            const allowed = { return: returns, state: states, action: actions };
            const period = rowKinds.length;
            const newest = Math.floor((cache.seen - 1) / period);
            const wanted = Array.from({ length: cache.seen }, (_, token) => token).filter(
              (token) => {
                const steps = allowed[rowKinds[token % period]!];
                return steps === 'all' || newest - Math.floor(token / period) < steps;
              },
            );
            for (const l of [0, 1]) {
              for (const head of [0, 1]) expect([...cache.tokens(l, head)]).toEqual(wanted);
            }
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  it('has names and settings of its own', () => {
    expect(dropOldReturns()).toMatchObject({
      ...{ name: 'drop-old-returns', settings: { returns: 1, states: 'all', actions: 'all' } },
    });
    expect(stepWindow(20).settings).toEqual({ returns: 20, states: 20, actions: 20 });
  });

  it('refuses what cannot be', () => {
    expect(() => newestSteps({ returns: 0 })).toThrow(InvalidArgumentError);
    expect(() => stepWindow(1.5)).toThrow(InvalidArgumentError);
    expect(() => newestSteps({ rewards: 1 } as object)).toThrow(/rewards/);
    const { rowKinds: _, ...text } = shapeOf(kinds);
    expect(() => new KVCache(text, { policy: dropOldReturns() })).toThrow(/have no kinds/);
    const slim = shapeOf(['state', 'action']);
    expect(() => new KVCache(slim, { policy: dropOldReturns() })).toThrow(/no tokens of returns/);
    expect(rowKindsOf(slim)).toEqual(['state', 'action']);
  });
});

describe('protectSteps', () => {
  const scorers: Record<string, () => RowScorer> = {
    random: () => randomScorer(4),
    sinks: () => sinkRecentScorer(2),
    h2o: () => h2oScorer(0.5),
  };

  it.each(Object.keys(scorers))(
    'keeps the protected rows of %s as far as there is room',
    async (name) => {
      const kind = fc.constantFrom<RowKind[]>(['state'], ['return', 'state'], [...kinds]);
      const budgets = fc.integer({ min: 1, max: 9 });
      await fc.assert(
        fc.asyncProperty(passSizes, budgets, count, kind, async (passes, budget, steps, which) => {
          const scorer = protectSteps(scorers[name]!(), { steps, kinds: which });
          const cache = new KVCache(shapeOf(kinds), { policy: scoredPolicy({ scorer, budget }) });
          let before: number[] = [];
          for (const pass of passes) {
            await feed(cache, [pass]);
            const { seen } = cache;
            const newest = Math.floor((seen - 1) / 3);
            const held = [...cache.tokens(1, 0)];
            const could = [...before, ...Array.from({ length: pass }, (_, i) => seen - pass + i)];
            expect(held).toHaveLength(Math.min(budget, could.length));
            // What the scorer itself protects comes first, and takes slots whatever its kind.
            const tail = could.slice(could.length - Math.min(budget, scorer.protectedRows(budget)));
            const wanted = could.filter((token) => {
              const isNew = steps === 'all' || newest - Math.floor(token / 3) < steps;
              return isNew && which.includes(kinds[token % 3]!) && !tail.includes(token);
            });
            const room = budget - tail.length;
            const kept = wanted.slice(Math.max(0, wanted.length - room));
            if (could.length > budget) expect(held).toEqual(expect.arrayContaining(kept));
            before = held;
          }
        }),
        { numRuns: 30 },
      );
    },
  );

  it('is saved with what it protects, and goes on', async () => {
    const policy = scoredPolicy({ scorer: protectSteps(h2oScorer()), budget: 5 });
    expect(policy.settings).toMatchObject({
      scorer: { name: 'h2o-protected', scorer: { name: 'h2o' }, steps: 1, kinds },
    });
    const cache = new KVCache(shapeOf(kinds), { policy });
    await feed(cache, [3, 3, 3]);
    const fork = cache.fork();
    for (const each of [cache, fork]) await feed(each, [3, 3]);
    expect(fork.tokens(0, 1)).toEqual(cache.tokens(0, 1));
    expect(fork.memory().bytes.policy).toBe(cache.memory().bytes.policy);
  });

  it('refuses what cannot be', () => {
    expect(() => protectSteps(randomScorer(1), { steps: 0 })).toThrow(InvalidArgumentError);
    const kind = ['reward'] as unknown as RowKind[];
    expect(() => protectSteps(randomScorer(1), { kinds: kind })).toThrow(/kinds/);
    const policy = scoredPolicy({ scorer: protectSteps(randomScorer(1)), budget: 4 });
    const { rowKinds: _, ...text } = shapeOf(kinds);
    expect(() => new KVCache(text, { policy })).toThrow(/have no kinds/);
  });
});
