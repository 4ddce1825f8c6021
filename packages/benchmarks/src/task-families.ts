import { InvalidArgumentError, noneOf } from '@namm/core';
import { classification } from './families/classification.js';
import { codeVariables } from './families/code-variables.js';
import { keyValue } from './families/key-value.js';
import { multiHop } from './families/multi-hop.js';
import { notes } from './families/notes.js';
import { singleDocument } from './families/single-document.js';
import { trail } from './families/trail.js';
import { votes } from './families/votes.js';
import type { TaskFamily } from './types.js';

/** All task families, in the order of the tables. */
export const taskFamilies: readonly TaskFamily[] = [
  singleDocument,
  multiHop,
  keyValue,
  classification,
  notes,
  codeVariables,
  votes,
  trail,
];

/**
 * The family with a name.
 *
 * @throws {InvalidArgumentError} when there is no such family
 */
export function taskFamily(name: string): TaskFamily {
  const family = taskFamilies.find((candidate) => candidate.name === name);
  if (!family) {
    const known = taskFamilies.map((candidate) => candidate.name);
    throw new InvalidArgumentError('family', noneOf(name, known));
  }
  return family;
}
