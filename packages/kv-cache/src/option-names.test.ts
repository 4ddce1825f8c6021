import { InvalidArgumentError } from '@namm/core';
import { testOptionNames } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import { createPolicy } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { adaKV } from './policies/ada-kv.js';
import { everyKth } from './policies/every-kth.js';
import { h2o, h2oScorer } from './policies/h2o.js';
import { infiniPotV } from './policies/infini-pot-v.js';
import { keyDiff } from './policies/key-diff.js';
import { l2Norm } from './policies/l2-norm.js';
import { observedAttention } from './policies/observed-attention.js';
import { pyramidKV } from './policies/pyramid-kv.js';
import { random } from './policies/random.js';
import { sinkRecent } from './policies/sink-recent.js';
import { snapKV, snapKVScorer } from './policies/snap-kv.js';
import { tova } from './policies/tova.js';
import { RetentionRecorder } from './retention-recorder.js';
import { adaptiveHeads } from './scoring/adaptive-heads.js';
import { pyramidLayers } from './scoring/pyramid-layers.js';
import { rowScorer } from './scoring/row-scorer.js';
import { scoredPolicy } from './scoring/scored-policy.js';
import { shapeOf } from './testing/shapes.js';

/** Every factory with options, as a caller without types sees it, and all that it knows. */
const factories: [string, (options: never) => unknown, Record<string, unknown>][] = [
  ['h2o', h2o, { budget: 8, recentShare: 0.3 }],
  ['everyKth', everyKth, { budget: 8 }],
  ['infiniPotV', infiniPotV, { budget: 8, tokensPerFrame: 4 }],
  ['keyDiff', keyDiff, { budget: 8 }],
  ['l2Norm', l2Norm, { budget: 8, keep: 'highest' }],
  ['observedAttention', observedAttention, { budget: 8 }],
  ['random', random, { budget: 8, seed: 1 }],
  ['sinkRecent', sinkRecent, { budget: 8, sinks: 1 }],
  ['tova', tova, { budget: 8, protectLast: false }],
  ['snapKV', snapKV, { budget: 8, window: 2, kernel: 3, pooling: 'max' }],
  ['adaKV', adaKV, { budget: 8, scorer: h2oScorer(), safeguard: 0, rule: 'original' }],
  [
    'pyramidKV',
    pyramidKV,
    { budget: 8, window: 2, kernel: 3, pooling: 'max', beta: 2, rule: 'factory' },
  ],
  [
    'scoredPolicy',
    scoredPolicy,
    { budget: 8, scorer: h2oScorer(), name: 'mine', updateInterval: 4 },
  ],
  ['createPolicy', (options) => createPolicy('h2o', options), { budget: 8, seed: 1 }],
  [
    'rowScorer',
    rowScorer,
    {
      ...{ name: 'mine', settings: {}, protectedRows: () => 1, memory: Float64Array },
      ...{ begin() {}, observe() {}, score() {} },
    },
  ],
  ['snapKVScorer', snapKVScorer, { window: 2, kernel: 3, pooling: 'max' }],
  ['adaptiveHeads', adaptiveHeads, { safeguard: 0, rule: 'original' }],
  ['pyramidLayers', pyramidLayers, { window: 2, beta: 2, rule: 'factory' }],
  ['RetentionRecorder', (options) => new RetentionRecorder(options), { scores: 'last' }],
  [
    'KVCache',
    (options) => new KVCache(shapeOf(1, 1, 1, 2, null), options),
    {
      ...{ policy: h2o({ budget: 8 }), keepOutsideWindow: true },
      ...{ positions: 'absolute', decideAfter: 'prompt' },
    },
  ],
];

testOptionNames(factories);

describe('options', () => {
  it.each(factories)(
    'of %s: a message names the call, and none at all are refused',
    (name, make, known) => {
      const call = () => make({ ...known, budgt: 64 } as never);
      expect(call).toThrow(new RegExp(`^budgt: is not an option of ${name}; there are `));
      expect(() => make(null as never)).toThrow(InvalidArgumentError);
    },
  );

  it.each(factories.slice(0, 11))('of %s: a missing budget is called missing', (_, make, known) => {
    const { budget: _budget, ...rest } = known as { budget: number };
    expect(() => make(rest as never)).toThrow(/^budget: is missing; allowed are tokens per head/);
  });

  it('that are no object are refused', () => {
    const withoutOptions = h2o as unknown as () => EvictionPolicy;
    expect(withoutOptions).toThrow('options: h2o needs an object with budget, recentShare');
  });
});
