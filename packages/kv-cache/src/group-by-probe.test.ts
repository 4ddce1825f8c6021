import { expect, it } from 'vitest';
import { groupByProbe } from './group-by-probe.js';
import { full } from './policies/full.js';
import { h2o } from './policies/h2o.js';
import { keyDiff } from './policies/key-diff.js';
import { snapKV } from './policies/snap-kv.js';
import { tova } from './policies/tova.js';

it('puts policies together that one graph can serve', () => {
  const budget = 8;
  const policies = [
    ...[full(), tova({ budget }), keyDiff({ budget }), h2o({ budget })],
    ...[snapKV({ budget, window: 2 }), snapKV({ budget, window: 1 })],
  ];
  const groups = groupByProbe(policies).map((group) => group.map((policy) => policy.name));
  expect(groups).toEqual([['full', 'keydiff'], ['tova', 'snapkv'], ['h2o'], ['snapkv']]);
  expect(groupByProbe([])).toEqual([]);
});
