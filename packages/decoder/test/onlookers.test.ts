import { join } from 'node:path';
import {
  canLookOn,
  createPolicy,
  full,
  h2oScorer,
  type KVCache,
  Onlookers,
  type Probe,
  policyNames,
  scoredPolicy,
} from '@namm/kv-cache';
import { expect, it } from 'vitest';
import { CacheUseError, Decoder } from '../src/index.js';
import type { PassKind } from '../src/step/pass-kind.js';
import { feed, quiet } from './helpers.js';

const path = join(import.meta.dirname, '__fixtures__', 'llama-base');
const prompt = Array.from({ length: 45 }, (_, i) => (17 * i + 3) % 250);
const question = [5, 6, 7, 8];
const held = (cache: KVCache) =>
  cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.tokens(layer, head)]),
  );
const policies = ['12', '50%'].flatMap((budget) =>
  policyNames.map((name) =>
    createPolicy(name, { budget: name === 'full' ? '100%' : budget, seed: 3 }),
  ),
);

for (const passes of ['whole', 'layers'] as const satisfies readonly PassKind[]) {
  it(`keep what each would have kept alone, and leave their cache as it was: ${passes}`, async () => {
    const options = { ...quiet, passes, chunkSize: 8 };
    const onlookers = new Onlookers(policies);
    const { probe } = onlookers.policy;
    expect(probe.kind).toBe('several');
    const decoder = await Decoder.load(path, { ...options, probe });
    const plain = await Decoder.load(path, options);
    const cache = decoder.createCache({ policy: onlookers.policy });
    await feed(decoder, cache, prompt.slice(0, 24)); // a fork goes on as the cache would have
    const fork = cache.fork();
    await feed(decoder, fork, prompt.slice(24));
    const all = held(fork);
    const alone = new Map<string, Decoder>();
    for (const [i, policy] of policies.entries()) {
      const own = JSON.stringify(policy.probe);
      const single =
        alone.get(own) ?? (await Decoder.load(path, { ...options, probe: policy.probe }));
      alone.set(own, single);
      const waiting = single.createCache({ policy, decideAfter: 'prompt' });
      await feed(single, waiting, prompt);
      const { cache: kept, stateBytes } = await onlookers.choose(i, fork);
      expect(held(kept), policy.name).toEqual(held(waiting));
      if (policy.name === 'h2o') expect(stateBytes).toBeGreaterThan(0);
      if (policy.name === 'full') expect(stateBytes).toBe(0);
      // What is read behind the choice stays.
      await feed(plain, kept, question);
      const before = kept.seen - question.length;
      for (const tokens of held(kept).flat()) {
        expect(tokens.filter((token) => token >= before)).toEqual([45, 46, 47, 48]);
      }
      expect(held(fork)).toEqual(all);
      await kept.release();
    }
    // One decoder serves each of them by itself, too.
    for (const policy of policies.slice(0, policyNames.length)) {
      const own = decoder.createCache({ policy, decideAfter: 'prompt' });
      await feed(decoder, own, prompt);
      const single = alone.get(JSON.stringify(policy.probe))!;
      const other = single.createCache({ policy, decideAfter: 'prompt' });
      await feed(single, other, prompt);
      expect(held(own), policy.name).toEqual(held(other));
    }
    for (const each of [decoder, plain, ...alone.values()]) await each.release();
  });
}

it('refuse what cannot look on, and caches of others', async () => {
  const atIntervals = scoredPolicy({ scorer: h2oScorer(), budget: 12, updateInterval: 8 });
  expect(canLookOn(atIntervals)).toBe(false);
  expect(() => new Onlookers([full(), atIntervals])).toThrow(/policies\[1\]: 'h2o' chooses at/);
  const onlookers = new Onlookers([createPolicy('h2o', { budget: 12 })]);
  expect(onlookers.policy.probe).toEqual({ kind: 'columnSums' });
  expect(new Onlookers([full()]).policy.probe).toEqual({ kind: 'none' });
  const decoder = await Decoder.load(path, quiet);
  await expect(onlookers.choose(0, decoder.createCache())).rejects.toThrow(/is under 'full'/);
  const both = new Onlookers(policies).policy;
  const refused = async () => await feed(decoder, decoder.createCache({ policy: both }), prompt);
  await expect(refused()).rejects.toThrow(CacheUseError);
  await decoder.release();
});

it('are told by several probes, which are checked', async () => {
  const load = (probe: unknown) => Decoder.load(path, { ...quiet, probe: probe as Probe });
  const several = (...probes: unknown[]) => ({ kind: 'several', probes });
  await expect(load(several())).rejects.toThrow(/probe.probes: is not a list/);
  await expect(load(several({ kind: 'none' }))).rejects.toThrow(/probe.probes\[0\]: is none of/);
  const twice = [{ kind: 'columnSums' }, { kind: 'columnSums' }];
  await expect(load(several(...twice))).rejects.toThrow(/probe.probes\[1\]: is of kind/);
  await expect(load(several({ kind: 'lastQueries', count: 0 }))).rejects.toThrow(/probe.count/);
});
