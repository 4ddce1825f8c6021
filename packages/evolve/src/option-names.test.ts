import { expectUnknownOption } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { checkSearch, evolve, WorkerPoolEvaluator } from './index.js';

const search = { populationSize: 4, sigma: 0.1, seed: 1, validateEvery: 1 };
const stages = [{ generations: 1 }];
const wrong = { unknwon: 1 };

/** Every public options object: what takes it, given one with a name that it does not know. */
const calls: Readonly<Record<string, () => unknown>> = {
  evolve: () => evolve({ folder: 'run', search, ...wrong } as never),
  search: () => checkSearch({ ...search, ...wrong }, stages),
  'WorkerPoolEvaluator.start': () => WorkerPoolEvaluator.start({ workers: 1, ...wrong } as never),
};

describe('options that nobody would read are refused by name', () => {
  it.each(Object.entries(calls))('%s', async (_, call) => {
    await expectUnknownOption(call);
  });

  it.each([
    [{ ...search, populationSize: 2 }, 'populationSize: 2'],
    [{ ...search, sigma: 0 }, 'sigma: 0'],
    [{ ...search, seed: -1 }, 'seed: -1'],
    [{ ...search, validateEvery: 1.5 }, 'validateEvery: 1.5'],
    [{ ...search, evaluationsPerSlice: 0 }, 'evaluationsPerSlice: 0'],
  ])('refuses %j', (settings, message) => {
    expect(() => checkSearch(settings, stages)).toThrow(message);
  });

  it('refuses stages without generations', () => {
    expect(() => checkSearch(search, [])).toThrow('stages: there is none');
    expect(() => checkSearch(search, [{ generations: 0 }])).toThrow('generations: 0');
  });
});
