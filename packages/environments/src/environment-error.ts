import { NammError, type NammErrorOptions } from '@namm/core';

/** An environment cannot be built or is used out of order; the message says what to do. */
export class EnvironmentError extends NammError {
  constructor(environment: string, problem: string, options: NammErrorOptions = {}) {
    super('ENVIRONMENT', `${environment}: ${problem}`, {
      ...options,
      details: { environment, ...options.details },
    });
  }
}
