import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ConformanceResult } from './conformance-kind.js';
import { models } from './models.js';

const folder = join(import.meta.dirname, '../test/__fixtures__/models');

it.each([
  ['llava-next-video', 40],
  ['smolvlm', 50],
] as const)('finds %s to be as PyTorch transformers computes it', async (name, count) => {
  const results: ConformanceResult[] = [];
  for await (const result of models.run(join(folder, name))) results.push(result);
  expect(results.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(results).toHaveLength(count);
});
