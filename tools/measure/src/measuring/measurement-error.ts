import { NammError } from '@namm/core';

/** A measurement could not be made, or would have said nothing. */
export class MeasurementError extends NammError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('MEASUREMENT', message, options);
  }
}
