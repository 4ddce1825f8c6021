import { expect, it } from 'vitest';
import { suggestName } from './suggest-name.js';

const known = ['mean', 'sigma', 'seed', 'populationSize', 'maxNewTokens'];

it.each([
  ['popsize', 'populationSize'],
  ['PopSize', 'populationSize'],
  ['population_size', 'populationSize'],
  ['populatonSize', 'populationSize'],
  ['max_new_tokens', 'maxNewTokens'],
  ['sede', 'seed'],
  ['means', 'mean'],
  ['colour', null],
  ['x', null],
  ['', null],
  ['toString', null],
  ['p'.repeat(100_000), null],
])('%s → %s', (name, suggestion) => {
  expect(suggestName(name, known, { popsize: 'populationSize' })).toBe(suggestion);
});
