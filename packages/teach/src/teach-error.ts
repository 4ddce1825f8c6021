import { NammError } from '@namm/core';

/** A scorer cannot be fitted, because text or model provide nothing to fit it to. */
export class TeachError extends NammError {
  constructor(problem: string, details: Readonly<Record<string, unknown>> = {}) {
    super('TEACH', `The scorer cannot be fitted: ${problem}.`, { details });
  }
}
