import { NammError } from '@namm/core';

/** A policy chose slots that cannot be kept: out of range, out of order, or for the wrong heads. */
export class InvalidSelectionError extends NammError {
  constructor(policy: string, layer: number, head: number | null, problem: string) {
    const where = head === null ? `layer ${layer}` : `layer ${layer}, head ${head}`;
    super(
      'INVALID_SELECTION',
      `The policy '${policy}' chose slots that cannot be kept (${where}): ${problem}`,
      {
        details: { policy, layer, head },
      },
    );
  }
}

/** A cache was used while one of its updates was still under way. */
export class CacheBusyError extends NammError {
  constructor(action: string) {
    super('CACHE_BUSY', `${action}: an update of this cache is still under way; await it first`);
  }
}
