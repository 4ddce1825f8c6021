import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ConformanceResult } from '../src/conformance-kind.js';
import { e2e } from '../src/e2e.js';

it('decides as the reference implementation does in a whole run, updates while decoding included', async () => {
  const folder = join(import.meta.dirname, '__fixtures__', 'e2e', 'p310_decode_update');
  const results: ConformanceResult[] = [];
  for await (const result of e2e.run(folder)) results.push(result);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results).toHaveLength(2 * (4 + 3) + 3);
});
