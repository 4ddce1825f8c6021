import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ConformanceResult } from './conformance-kind.js';
import { models } from './models.js';

const folder = join(
  import.meta.dirname,
  '../test/__fixtures__/models/decision-transformer-linear-head',
);

it('finds a Decision Transformer to be as PyTorch transformers computes it', async () => {
  const results: ConformanceResult[] = [];
  for await (const result of models.run(folder)) results.push(result);
  expect(results.filter(({ ok }) => ok !== true)).toEqual([]);
  const names = results.map(({ name }) => name.replace(/^.*: /, '').replace(/[[ (.].*$/, ''));
  expect([...new Set(names)].sort()).toEqual([
    ...['action_preds', 'attn', 'evict', 'k', 'last_hidden_state'],
    ...['return_preds', 'state_preds', 'stepwise', 'v'],
  ]);
  expect(results).toHaveLength(37);
});
