import { expect, it } from 'vitest';
import { describeMemory, memoryFigures } from './memory-figures.js';

it('adds up what a cache costs, and says it on one line', () => {
  const figures = memoryFigures({
    ...{ seen: 100, keptPerHead: [[10, 30], [20]] },
    bytes: {
      ...{ allocated: 9e9, shared: 0, sharedPart: 0 },
      ...{ used: 1_000_000, positions: 200_000, policy: 34_000 },
    },
  });
  expect(figures).toMatchObject({
    seen: 100,
    keptPerHead: [[10, 30], [20]],
    cacheBytes: 1_234_000,
  });
  expect(figures.peakBytes).toBeGreaterThan(2 ** 20);
  expect(describeMemory({ ...figures, peakBytes: 3 * 2 ** 20 })).toBe(
    'kept 20 of 100 tokens per head, 1.23 MB of cache, 3 MB resident at most',
  );
});
