import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  CacheBusyError,
  CacheFailedError,
  CacheFullError,
  CacheReleasedError,
  InvalidSelectionError,
} from './cache-errors.js';
import type { CacheUpdate } from './contracts/cache-update.js';
import type { EvictionPolicy, KeptSlots, PolicyState } from './contracts/eviction-policy.js';
import { KVCache } from './kv-cache.js';
import { full } from './policies/full.js';
import { h2o } from './policies/h2o.js';
import { random } from './policies/random.js';
import { snapKV } from './policies/snap-kv.js';
import { tova } from './policies/tova.js';
import { RowBuffer } from './row-buffer.js';
import { randomTokens, runPasses, tokensHeld, updateOf } from './testing/run-pass.js';
import { shapeOf } from './testing/shapes.js';
import { snapshot } from './testing/snapshot.js';

const shape = shapeOf(2, 2, 2, 4);
const tokens = randomTokens(shape, 64, 5);

/** A policy whose choice the test supplies. */
function choosing(choose: () => readonly (KeptSlots | null)[]): EvictionPolicy {
  const state: PolicyState = {
    bytes: 0,
    observe() {},
    select: async () => choose(),
    retain() {},
    fork: () => state,
    save: () => new Map(),
  };
  const start = () => state;
  return { name: 'chosen', settings: {}, probe: { kind: 'none' }, start, restore: start };
}

describe('KVCache', () => {
  it('hands rows out as they came in, head by head', async () => {
    const cache = new KVCache(shapeOf(1, 2, 2, 2));
    const keys = Float32Array.from({ length: 12 }, (_, i) => i);
    const values = keys.map((number) => number + 100);
    await cache.update({ count: 3, rows: [{ keys, values }], observations: [] });
    expect(cache.seen).toBe(3);
    expect([...cache.keys(0, 1)]).toEqual([6, 7, 8, 9, 10, 11]);
    expect([...cache.values(0, 0)]).toEqual([100, 101, 102, 103, 104, 105]);
    expect([...cache.positions(0, 1)]).toEqual([0, 1, 2]);
    expect(cache.policy.name).toBe('full');
  });

  it('behaves like a list of rows per head, under any updates, evictions and forks', async () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('update' as const), count: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constant('keep' as const), keep: fc.infiniteStream(fc.boolean()) }),
      fc.record({ kind: fc.constant('fork' as const) }),
    );
    const steps = fc.array(fc.tuple(fc.nat(2), operation), { maxLength: 10 });
    // H2O with a budget that is never reached: its sums must stay aligned through everything.
    const policy = h2o({ budget: 1000 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const pairs = [
          { cache: new KVCache(shape, { policy }), held: [0, 1, 2, 3].map(() => [] as number[]) },
        ];
        for (const [which, step] of list) {
          const { cache, held } = pairs[which % pairs.length]!;
          if (step.kind === 'update') {
            if (cache.seen + step.count > 64) continue;
            const fresh = Array.from({ length: step.count }, (_, i) => cache.seen + i);
            await runPasses(cache, tokens, [step.count]);
            for (const positions of held) positions.push(...fresh);
          } else if (step.kind === 'keep') {
            const kept = held.map((positions) => positions.map(() => step.keep.next().value!));
            const slots = kept.map((flags) =>
              Uint32Array.from(flags.flatMap((flag, i) => (flag ? [i] : []))),
            );
            cache.keep([slots.slice(0, 2), slots.slice(2)]);
            for (const [h, flags] of kept.entries()) held[h] = held[h]!.filter((_, i) => flags[i]);
          } else if (pairs.length < 3) {
            pairs.push({ cache: cache.fork(), held: held.map((positions) => [...positions]) });
          }
          for (const pair of pairs) {
            expect(tokensHeld(pair.cache).flat()).toEqual(pair.held);
            for (const [index, positions] of pair.held.entries()) {
              const [layer, head] = [index >> 1, index & 1];
              const all = tokens[layer]!.keys[head]!;
              const expected = positions.flatMap((p) => [...all.subarray(p * 4, p * 4 + 4)]);
              expect([...pair.cache.keys(layer, head)]).toEqual(expected);
              expect([...pair.cache.values(layer, head)]).toEqual(
                expected.map((number) => -number),
              );
            }
            const rows = pair.held.flat().length;
            const { bytes } = pair.cache.memory();
            expect(bytes).toMatchObject({ used: rows * 32, positions: rows * 4 });
            // Forks share what the policy remembers, until it changes.
            expect(bytes.policy).toBeLessThanOrEqual(rows * 8);
            expect(bytes.policy * pairs.length).toBeGreaterThanOrEqual(rows * 8 - 1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('changes nothing when everything is kept', async () => {
    const cache = new KVCache(shape, { policy: h2o({ budget: 9 }) });
    await runPasses(cache, tokens, [7, 6, 1]);
    const before = snapshot(cache);
    cache.keep([null, null]);
    const all = (layer: number) =>
      [0, 1].map((head) => Uint32Array.from(cache.positions(layer, head).keys()));
    cache.keep([all(0), all(1)]);
    expect(snapshot(cache)).toEqual(before);
  });

  it.each([
    h2o({ budget: 10 }),
    tova({ budget: 10 }),
    snapKV({ budget: 10, window: 4 }),
    random({ budget: 10, seed: 1 }),
  ])('forks into two that go on like two caches that never met ($name)', async (policy) => {
    const other = randomTokens(shape, 64, 6);
    const origin = new KVCache(shape, { policy });
    await runPasses(origin, tokens, [12, 1]);
    const fork = origin.fork();
    await runPasses(fork, other, [3, 1, 1]);
    const before = snapshot(fork);
    await runPasses(origin, tokens, [1, 2, 1]);
    expect(snapshot(fork)).toEqual(before);

    const lone = new KVCache(shape, { policy });
    await runPasses(lone, tokens, [12, 1, 1, 2, 1]);
    expect(snapshot(origin)).toEqual(snapshot(lone));
  });

  it('copies itself under another policy, which chooses at once and goes its own way', async () => {
    const other = randomTokens(shape, 64, 6);
    const evens: EvictionPolicy = {
      ...choosing(() => {
        throw new Error('not the state of the copy');
      }),
      name: 'evens',
      takeOver: () => ({
        ...full().start(shape),
        select: async (view) =>
          shape.layers.map((_, layer) =>
            [0, 1].map((head) => {
              const slots = Uint32Array.from({ length: view.length(layer, head) }, (_, i) => i);
              return slots.filter((slot) => view.tokens(layer, head)[slot]! % 2 === 0);
            }),
          ),
      }),
    };
    const origin = new KVCache(shape);
    await runPasses(origin, tokens, [5]);
    const before = snapshot(origin);
    const copy = await origin.copyUnder(evens);
    expect(copy.policy).toBe(evens);
    expect([...copy.tokens(1, 1)]).toEqual([0, 2, 4]);
    expect(copy.memory().bytes.shared).toBe(0);
    await runPasses(copy, other, [2]);
    expect([...copy.tokens(0, 0)]).toEqual([0, 2, 4, 6]);
    expect(snapshot(origin)).toEqual(before);
    const back = await copy.copyUnder(full());
    expect([...back.keys(0, 0)]).toEqual([...copy.keys(0, 0)]);
    expect(back.seen).toBe(7);
  });

  it('refuses to be copied under a policy that cannot take over', async () => {
    const cache = new KVCache(shape);
    await expect(cache.copyUnder(h2o({ budget: 4 }))).rejects.toThrow(
      "policy: 'h2o' cannot take over from 'full'",
    );
    await cache.release();
    await expect(cache.copyUnder(full())).rejects.toThrow(CacheReleasedError);
  });

  it('pays once for a prefix that is forked eight times, also when all go on', async () => {
    const long = shapeOf(2, 2, 2, 16);
    const tokens = randomTokens(long, 440, 1);
    const origin = new KVCache(long);
    await runPasses(origin, tokens, [400]);
    const alone = origin.memory().bytes;
    expect(alone.shared).toBe(0);
    const all = [origin, ...Array.from({ length: 8 }, () => origin.fork())];
    for (const [i, cache] of all.entries()) await runPasses(cache, tokens, [3 + i, 1, 1]);
    const reports = all.map((cache) => cache.memory().bytes);
    const total = reports.reduce(
      (sum, { allocated, sharedPart }) => sum + allocated + sharedPart,
      0,
    );
    const own = all.reduce((sum, cache) => sum + (cache.seen - 400) * 4 * 128, 0);
    const positions = reports.reduce((sum, bytes) => sum + bytes.positions, 0);
    // The prefix with its slack once; each cache's own rows and all its positions with theirs.
    expect(total).toBeLessThanOrEqual(alone.allocated + 1.25 * (own + positions));
    for (const { shared, sharedPart } of reports) expect(sharedPart).toBeCloseTo(shared / 9, 6);

    // A fork that evicts a row of the prefix pays for what it keeps.
    const every = (cache: KVCache, layer: number, step: number) =>
      [0, 1].map((head) =>
        Uint32Array.from(
          { length: Math.floor(cache.length(layer, head) / step) },
          (_, i) => i * step,
        ),
      );
    all[1]!.keep([every(all[1]!, 0, 2), every(all[1]!, 1, 2)]);
    expect(all[1]!.memory().bytes).toMatchObject({ shared: 0, sharedPart: 0 });
    expect(all[2]!.memory().bytes.sharedPart).toBeCloseTo(reports[2]!.shared / 8, 6);
  });

  it('frees its rows when it is released, and tells its forks at once', async () => {
    const policy = h2o({ budget: 9 });
    const origin = new KVCache(shape, { policy });
    await runPasses(origin, tokens, [30]);
    const fork = origin.fork();
    const { shared } = fork.memory().bytes;
    expect(fork.memory().bytes.sharedPart).toBe(shared / 2);
    const lease = origin.lease('a test');
    await expect(origin.release()).rejects.toThrow(CacheBusyError);
    lease.release();
    await origin.release();
    await origin.release();
    expect(fork.memory().bytes.sharedPart).toBe(shared);
    expect(origin.memory()).toMatchObject({ rows: 0, bytes: { shared: 0, used: 0, policy: 0 } });
    expect(origin.memory().bytes.allocated).toBe(0);
    expect(() => origin.keys(0, 0)).toThrow(CacheReleasedError);
    expect(() => origin.gaps()).toThrow(CacheReleasedError);
    expect(() => origin.fork()).toThrow(CacheReleasedError);
    await expect(runPasses(origin, tokens, [1])).rejects.toThrow(CacheReleasedError);
    await runPasses(fork, tokens, [1]);
    expect(fork.memory().rows).toBe(4 * 9);
  });

  it('reports what it holds and what that costs', async () => {
    const cache = new KVCache(shape, { policy: h2o({ budget: 8 }) });
    await runPasses(cache, tokens, [40, 1]);
    const { bytes, ...counts } = cache.memory();
    expect(counts).toEqual({
      seen: 41,
      rows: 32,
      keptPerHead: [
        [8, 8],
        [8, 8],
      ],
    });
    expect(bytes).toMatchObject({ used: 32 * 32, positions: 32 * 4, policy: 32 * 8 });
    const slack = 4 * 16 * 36; // sixteen rows per head
    expect(bytes.allocated).toBeLessThanOrEqual(1.25 * (bytes.used + bytes.positions) + slack);
  });

  describe('errors', () => {
    async function startedCache(): Promise<KVCache> {
      const cache = new KVCache(shape, { policy: tova({ budget: 6 }) });
      await runPasses(cache, tokens, [8, 1]);
      return cache;
    }

    const damages: [string, RegExp, (update: CacheUpdate) => unknown][] = [
      ['no tokens', /^count: 0/, (update) => ({ ...update, count: 0 })],
      ['half a token', /^count: 1.5/, (update) => ({ ...update, count: 1.5 })],
      [
        'too many tokens',
        /^count: 9 \+ 2147483647/,
        (update) => ({ ...update, count: 2 ** 31 - 1 }),
      ],
      [
        'a layer too few',
        /^rows: 1 entries/,
        (update) => ({ ...update, rows: update.rows.slice(1) }),
      ],
      [
        'short values',
        /^rows\[1\]\.values: holds 15/,
        ({ rows, ...update }) => ({
          ...update,
          rows: [rows[0], { ...rows[1], values: rows[1]!.values.subarray(1) }],
        }),
      ],
      [
        'keys of another type',
        /^rows\[0\]\.keys/,
        ({ rows, ...update }) => ({ ...update, rows: [{ ...rows[0], keys: [] }, rows[1]] }),
      ],
      ['no observations', /^observations: 0/, (update) => ({ ...update, observations: [] })],
      [
        'another probe',
        /^observations\[1\]: is of kind 'columnSums'/,
        ({ observations, ...update }) => ({
          ...update,
          observations: [observations[0], { ...observations[1], kind: 'columnSums' }],
        }),
      ],
      [
        'too many query rows',
        /^observations\[0\]: holds 2 query rows instead of 1/,
        ({ observations, ...update }) => ({
          ...update,
          observations: [{ ...observations[0], rows: 2 }, observations[1]],
        }),
      ],
      [
        'a head too few',
        /^observations\[0\]: is for 1 heads/,
        ({ observations, ...update }) => ({
          ...update,
          observations: [
            { ...observations[0], heads: observations[0]!.heads.slice(1) },
            observations[1],
          ],
        }),
      ],
      [
        'attention over the old rows only',
        /^observations\[1\]\.heads\[0\]: holds 12 numbers instead of 16 \(8 slots\)/,
        ({ observations, ...update }) => ({
          ...update,
          observations: [
            observations[0],
            { ...observations[1], heads: observations[1]!.heads.map((head) => head.subarray(4)) },
          ],
        }),
      ],
      [
        'attention that is not a number',
        /^observations\[0\]\.heads\[1\]: holds numbers that are not finite/,
        ({ observations, ...update }) => {
          observations[0]!.heads[1]![3] = Number.NaN;
          return { ...update, observations };
        },
      ],
    ];

    it.each(damages)('refuses %s and stays as it was', async (_, message, damage) => {
      const cache = await startedCache();
      const before = snapshot(cache);
      const bad = damage(updateOf(cache, tokens, 2)) as CacheUpdate;
      const problem = await cache.update(bad).catch((error) => error);
      expect(problem).toBeInstanceOf(InvalidArgumentError);
      expect(problem.message).toMatch(message);
      expect(snapshot(cache)).toEqual(before);
      await runPasses(cache, tokens, [2]); // and it works on
    });

    it('refuses probes that nobody asked for', async () => {
      const cache = new KVCache(shape);
      const { observations } = updateOf(await startedCache(), tokens, 2);
      const update = { ...updateOf(cache, tokens, 2), observations };
      await expect(cache.update(update)).rejects.toThrow(/^observations: 2 entries instead of 0/);
      expect(cache.seen).toBe(0);
    });

    const badSlots: [string, RegExp, readonly (KeptSlots | null)[]][] = [
      ['too few layers', /layer 1.*1 entries for 2/, [null]],
      ['too few heads', /layer 1.*1 heads where there are 2/, [null, [Uint32Array.of(0)]]],
      [
        'a slot beyond the end',
        /layer 1.*head 0.*slot 3 of 3/,
        [null, [Uint32Array.of(3), Uint32Array.of()]],
      ],
      [
        'descending slots',
        /layer 0.*head 1.*slot 0 after slot 1/,
        [[Uint32Array.of(), Uint32Array.of(1, 0)], null],
      ],
      [
        'a slot twice',
        /layer 0.*head 0.*slot 1 after slot 1/,
        [[Uint32Array.of(1, 1), Uint32Array.of()], null],
      ],
      ['no typed array', /Uint32Array/, [[[0], [0]] as unknown as KeptSlots, null]],
    ];

    it.each(badSlots)('evicts nothing when a policy chooses %s', async (_, message, kept) => {
      const cache = new KVCache(shape, { policy: choosing(() => kept) });
      const problem = await cache.update(updateOf(cache, tokens, 3)).catch((error) => error);
      expect(problem).toBeInstanceOf(InvalidSelectionError);
      expect(problem.message).toMatch(/'chosen'/);
      expect(problem.message).toMatch(message);
      expect(cache.memory().rows).toBe(12);
    });

    it.each(badSlots)('evicts nothing by hand for %s', async (_, __, kept) => {
      const cache = new KVCache(shape);
      await runPasses(cache, tokens, [3]);
      expect(() => cache.keep(kept)).toThrow(InvalidArgumentError);
      expect(cache.memory().rows).toBe(12);
    });

    it('is over when its policy fails in the middle of an update, but can be read', async () => {
      let fails = false;
      const policy = tova({ budget: 6 });
      const failing: EvictionPolicy = {
        ...policy,
        start(of) {
          const state = policy.start(of);
          const select = state.select.bind(state);
          state.select = async (view) => {
            if (fails) throw new TypeError('no such thing');
            return select(view);
          };
          return state;
        },
      };
      const cache = new KVCache(shape, { policy: failing });
      await runPasses(cache, tokens, [8]);
      const fork = cache.fork();
      fails = true;
      await expect(runPasses(cache, tokens, [2])).rejects.toThrow(TypeError);
      fails = false;
      expect(cache.length(0, 0)).toBe(8);
      const lease = () => cache.lease('test');
      for (const use of [() => cache.fork(), () => cache.keep([null, null]), lease]) {
        expect(use).toThrow(CacheFailedError);
        expect(use).toThrow(/an update under 'tova' broke off/);
      }
      const update = cache.update(updateOf(cache, tokens, 1));
      await expect(update).rejects.toMatchObject({ cause: new TypeError('no such thing') });
      await expect(cache.save('anywhere')).rejects.toThrow(CacheFailedError);
      await runPasses(fork, tokens, [2]); // from before
      expect(fork.length(0, 0)).toBe(6);
    });

    it('stays as it was when there is no memory for more', async () => {
      const cache = await startedCache();
      const before = snapshot(cache);
      const original = RowBuffer.prototype.reserve;
      let heads = 0;
      const reserve = vi.spyOn(RowBuffer.prototype, 'reserve').mockImplementation(function (
        this: RowBuffer,
        count,
      ) {
        if (++heads === 3) throw new RangeError('Array buffer allocation failed');
        original.call(this, count);
      });
      const problem = await cache.update(updateOf(cache, tokens, 2)).catch((error) => error);
      reserve.mockRestore();
      expect(problem).toBeInstanceOf(CacheFullError);
      expect(problem.message).toMatch(/no memory for 2 more tokens beside 24 rows/);
      expect(snapshot(cache)).toEqual(before);
      await runPasses(cache, tokens, [2]);
    });

    it('refuses to be used while an update is under way', async () => {
      const cache = await startedCache();
      const update = cache.update(updateOf(cache, tokens, 1));
      expect(() => cache.keep([null, null])).toThrow(CacheBusyError);
      expect(() => cache.fork()).toThrow(CacheBusyError);
      await expect(cache.update(updateOf(cache, tokens, 1))).rejects.toThrow(CacheBusyError);
      await update;
      expect(cache.fork().seen).toBe(10);
    });

    it('refuses heads that do not exist and shapes that cannot be', () => {
      expect(() => new KVCache(shape).keys(2, 0)).toThrow(/no head 0 in layer 2/);
      expect(() => new KVCache({ model: 'm', layers: [] })).toThrow(InvalidArgumentError);
      const layer = shape.layers[0]!;
      for (const wrong of [
        { headSize: 0 },
        { window: 0 },
        { queryHeads: 3 },
        { keyValueHeads: 1.5 },
      ]) {
        const layers = [layer, { ...layer, ...wrong }];
        expect(() => new KVCache({ model: 'm', layers })).toThrow(/^shape\.layers\[1\]\./);
      }
    });
  });
});
