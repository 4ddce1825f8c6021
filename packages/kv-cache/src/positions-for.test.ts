import { InvalidArgumentError } from '@namm/core';
import { expect, it } from 'vitest';
import { positionsFor } from './positions-for.js';

it('is compact where a bounded cache is to read more than the model has positions', () => {
  expect(positionsFor(64, 129, 128)).toBe('absolute');
  expect(positionsFor(64, 130, 128)).toBe('compact');
  expect(positionsFor('1MB', 130, 128)).toBe('compact');
});

it('is absolute without a limit, and under one that grows with the text', () => {
  expect(positionsFor(undefined, 1000, 128)).toBe('absolute');
  expect(positionsFor(' 25% ', 1000, 128)).toBe('absolute');
  expect(positionsFor(0.25, 1000, 128)).toBe('absolute');
  expect(() => positionsFor('much', 1000, 128)).toThrow(InvalidArgumentError);
});
