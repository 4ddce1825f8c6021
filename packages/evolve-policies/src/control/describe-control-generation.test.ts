import type { GenerationRecord } from '@namm/evolve';
import { expect, it } from 'vitest';
import { describeControlGeneration } from './describe-control-generation.js';

const candidate = (fitness: number, shortfall: number, rowsPerHead: number) => {
  return { fitness, shortfall, measures: { return: fitness / 2, rowsPerHead } };
};
const record: GenerationRecord = {
  ...{ generation: 3, stage: 0, sigma: 0.0625, tasks: {}, size: 9, seconds: 4 },
  candidates: [candidate(0.5, 0, 20), null, candidate(0.9, 0.1, 5), candidate(0.75, 0, 12)],
  validation: {
    ...{ fitness: 0.6, shortfall: 0, isBest: true, tasks: {} },
    measures: { return: 0.875, rowsPerHead: 9.25 },
  },
};

it('tells of the best that returns enough, of the mean, and of those that failed', () => {
  expect(describeControlGeneration(record)).toBe(
    'generation 3: σ 0.0625; best return 0.375, 12.0 rows; mean return 0.875, 9.3 rows, best so far; 1 failed; 4.0 s',
  );
});

it('leaves out what there is none of', () => {
  const none = { ...record, candidates: [null], validation: null, seconds: null };
  expect(describeControlGeneration(none)).toBe('generation 3: σ 0.0625; 1 failed');
});
