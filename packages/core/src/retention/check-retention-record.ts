import { InvalidArgumentError } from '../errors.js';
import { findRetentionProblem } from './find-retention-problem.js';
import type { RetentionRecord } from './retention-record.js';

/** @throws {InvalidArgumentError} when the record contradicts itself */
export function checkRetentionRecord(record: RetentionRecord): void {
  const problem = findRetentionProblem(record);
  if (problem !== null) throw new InvalidArgumentError('record', problem);
}
