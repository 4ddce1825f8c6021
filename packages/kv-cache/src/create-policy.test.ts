import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { createPolicy, policyNames } from './create-policy.js';

describe('createPolicy', () => {
  it('makes every policy it names, under that name', () => {
    for (const name of policyNames) expect(createPolicy(name, { budget: '25%' }).name).toBe(name);
  });

  it('needs no budget to keep everything', () => {
    expect(createPolicy('full').keepsEverything).toBe(true);
  });

  it('refuses unknown names, missing budgets and bad seeds', () => {
    const unknown = () => createPolicy('snap', { budget: 5 });
    expect(unknown).toThrow(InvalidArgumentError);
    expect(unknown).toThrow(/^policy: 'snap' is none of full, .*snapkv/);
    expect(() => createPolicy('h2o')).toThrow(/^budget: the policy 'h2o' needs one/);
    expect(() => createPolicy('random', { budget: 5, seed: -1 })).toThrow(/^seed: -1/);
  });
});
