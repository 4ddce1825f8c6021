import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openSafetensors } from '@namm/tensors';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import { KVCache } from '../kv-cache.js';
import { pyramidBudgets } from '../scoring/pyramid-budgets.js';
import { type LayerTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { shapeOf } from '../testing/shapes.js';
import { adaKV } from './ada-kv.js';
import { h2o } from './h2o.js';
import { keyDiff } from './key-diff.js';
import { l2Norm, l2NormScorer } from './l2-norm.js';
import { observedAttention } from './observed-attention.js';
import { pyramidKV } from './pyramid-kv.js';
import { sinkRecent } from './sink-recent.js';
import { snapKV, snapKVScorer } from './snap-kv.js';
import { tova } from './tova.js';

// Sets that kvpress, H2O and definitions of our own chose over one layer of random queries and keys;
// recorded by Python, compared as sets, ties at the cut resolved lowest index first.
const folder = new URL('../__fixtures__/', import.meta.url);
const file = fileURLToPath(new URL('baselines-layer0.safetensors', folder));
const fixture = JSON.parse(await readFile(new URL('baselines-layer0.json', folder), 'utf8'));

type P = Record<string, number>;
const share = (p: P) => 1 - p.compression_ratio!;

/** Our name for each case of the fixture. */
function policyOf(method: string, p: P): EvictionPolicy {
  const seen = { window: p.window!, kernel: p.kernel! };
  const snapScorer = snapKVScorer({ window: 16, kernel: 5 });
  switch (method.replace(/ .*/, method.includes('not protected') ? ' unprotected' : '')) {
    case 'l2_knorm':
      return l2Norm({ budget: share(p) });
    case 'l2':
      return l2Norm({ budget: p.C! });
    case 'keydiff':
      return keyDiff({ budget: p.C ?? share(p) });
    case 'observed_attention':
      return observedAttention({ budget: share(p) });
    case 'streaming_llm':
      return sinkRecent({ budget: share(p), sinks: p.n_sink! });
    case 'streaming':
    case 'streaming_evict_for_space':
      return sinkRecent({ budget: p.S! + p.W!, sinks: p.S! });
    case 'tova_original unprotected':
      return tova({ budget: share(p), protectLast: false });
    case 'tova':
      return tova({ budget: p.C ?? share(p), protectLast: Boolean(p.force_last ?? 1) });
    case 'h2o':
      return h2o({ budget: p.hh! + p.recent!, recentShare: p.recent! / (p.hh! + p.recent!) });
    case 'snapkv':
      return snapKV({
        ...seen,
        budget: share(p),
        pooling: method.includes('max') ? 'max' : 'average',
      });
    case 'pyramidkv':
      return pyramidKV({ ...seen, budget: share(p), beta: p.beta! });
    case 'adakv(knorm)':
      return adaKV({ budget: share(p), safeguard: p.alpha_safeguard!, scorer: l2NormScorer() });
    case 'adakv(snapkv)':
      return adaKV({ budget: share(p), safeguard: p.alpha_safeguard!, scorer: snapScorer });
    case 'adakv': {
      const scorer = snapKVScorer({ ...seen, pooling: 'max' });
      return adaKV({ budget: p.C!, safeguard: p.floor_ratio!, rule: 'original', scorer });
    }
    default:
      throw new Error(`no policy for ${method}`);
  }
}

// Three layers with the same tokens, since PyramidKV treats layers differently; the first is compared.
const shape = shapeOf(
  3,
  fixture.config.Hk,
  fixture.config.Hq / fixture.config.Hk,
  fixture.config.d,
);
let tokens: LayerTokens[];

beforeAll(async () => {
  const tensors = await openSafetensors(file);
  const heads = async (name: string, count: number) => {
    const all = await tensors.readFloat32(name);
    const size = all.length / count;
    return Array.from({ length: count }, (_, h) => all.subarray(h * size, (h + 1) * size));
  };
  const queries = await heads('l0.q', fixture.config.Hq);
  const keys = await heads('l0.k', fixture.config.Hk);
  tokens = [1, 2, 3].map(() => ({ queries, keys }));
});

const named = <T extends { method: string; params: P }>(cases: T[]) =>
  cases.map((one) => [`${one.method} ${JSON.stringify(one.params)}`, one] as const);

describe('classic policies keep what their references keep', () => {
  it.each(named<{ method: string; params: P; keep: number[][] }>(fixture.oneshot))(
    'after a prefill: %s',
    async (_, { method, params, keep }) => {
      const cache = new KVCache(shape, { policy: policyOf(method, params) });
      await runPasses(cache, tokens, [fixture.config.n]);
      expect(tokensHeld(cache)[0]).toEqual(keep);
    },
  );

  it.each(
    named<{ method: string; params: P; kept_positions_after_each_step: number[][][] }>(
      fixture.stream,
    ),
  )('after every chunk and token: %s', async (_, { method, params, ...expected }) => {
    const cache = new KVCache(shape, { policy: policyOf(method, params) });
    for (const [step, count] of fixture.stream_steps.entries()) {
      await runPasses(cache, tokens, [count]);
      const kept = expected.kept_positions_after_each_step[step]!;
      expect(tokensHeld(cache)[0], `step ${step}`).toEqual(
        kept.map((head) => head.sort((a, b) => a - b)),
      );
    }
  });
});

describe('pyramidBudgets', () => {
  it.each(fixture.pyramid_budgets as Record<string, number>[])(
    'gives the numbers of kvpress and KVCache-Factory: $layers layers, $n tokens, ratio $compression_ratio',
    (test) => {
      const options = {
        layers: test.layers!,
        seen: test.n!,
        window: test.window!,
        beta: test.beta!,
      };
      const slots = test.n! * (1 - test.compression_ratio!);
      expect(pyramidBudgets({ ...options, slots })).toEqual(test.kvpress);
      const factory = pyramidBudgets({ ...options, slots: test.factory_C!, rule: 'factory' });
      expect(factory).toEqual(test.factory_kept_per_layer);
    },
  );
});
