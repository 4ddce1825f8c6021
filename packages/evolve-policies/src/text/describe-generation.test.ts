import type { GenerationRecord } from '@namm/evolve';
import { expect, it } from 'vitest';
import { describeGeneration } from './describe-generation.js';

const candidate = (fitness: number, keptShare: number, shortfall = 0) => {
  return { fitness, shortfall, measures: { keptShare } };
};
const record: GenerationRecord = {
  ...{ generation: 3, stage: 0, sigma: 0.0625, tasks: {}, size: 9000, seconds: 4 },
  candidates: [candidate(0.5, 0.25), null, candidate(0.75, 0.35, 0.1)],
  validation: {
    ...{ fitness: 0.6, shortfall: 0, isBest: true },
    measures: { keptShare: 0.3, keptAtAnswer: 0.2 },
    tasks: { votes: { score: 0.5, fullScore: 0.875 } },
  },
};

it('tells of the candidates, of those that failed or answer too little, and of the validation', () => {
  expect(describeGeneration(record).split('\n')).toEqual([
    'generation 3: fitness 0.625, best 0.750; kept 30.0 %; sigma 0.06250; 1 answer too little; 1 failed; 4.0 s, 2250 tokens/s',
    '  mean of generation 3, best so far: fitness 0.600; kept 30.0 %, at the answers 20.0 %; votes 0.500 (full 0.875)',
  ]);
});

it('leaves out what there is none of', () => {
  const none = { ...record, candidates: [null], validation: null, seconds: null };
  expect(describeGeneration(none)).toBe('');
  const one = { ...none, candidates: [candidate(0.5, 0.25)] };
  expect(describeGeneration(one)).toBe(
    'generation 3: fitness 0.500, best 0.500; kept 25.0 %; sigma 0.06250',
  );
  const short = { ...record.validation!, isBest: false, shortfall: 0.25 };
  expect(describeGeneration({ ...none, validation: short })).toContain(
    'mean of generation 3: fitness 0.600; kept 30.0 %, at the answers 20.0 %; answers too little by 0.250;',
  );
});
