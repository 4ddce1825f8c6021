import { InvalidArgumentError } from '@namm/core';
import { taskFamilies } from '../task-families.js';
import type { NanobenchEntry } from './nanobench-model.js';

/** Tokens between decisions where no learned policy says it. */
const defaultInterval = 64;

/**
 * @returns the families that all learned policies together were evolved on, in the order of {@link taskFamilies}; none
 * when their provenance does not say
 */
export function evolvedFamiliesOf(entries: readonly NanobenchEntry[]): string[] {
  const named = new Set(
    entries.flatMap(({ learned }) => learned.flatMap((each) => each.evolvedFamilies)),
  );
  return taskFamilies.map(({ name }) => name).filter((name) => named.has(name));
}

/**
 * The tokens between decisions of all learned policies: the table lets every policy decide at the same tokens.
 *
 * @returns their update interval; 64 when there is no learned policy
 * @throws {InvalidArgumentError} when they decide at different tokens
 */
export function commonUpdateInterval(entries: readonly NanobenchEntry[]): number {
  const intervals = new Set(
    entries.flatMap(({ learned }) => learned.map(({ updateInterval }) => updateInterval)),
  );
  if (intervals.size <= 1) return [...intervals][0] ?? defaultInterval;
  const list = [...intervals].join(', ');
  throw new InvalidArgumentError(
    'checkpoints',
    `decide every ${list} tokens; compare those of one interval at a time`,
  );
}
