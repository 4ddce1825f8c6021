import { NammError } from '@namm/core';
import type { CacheMemory } from './cache-memory.js';

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

/** A cache was to be changed or forked while somebody else was changing it. */
export class CacheBusyError extends NammError {
  constructor(action: string, holder: string) {
    super('CACHE_BUSY', `${action}: the cache is held by ${holder}; await that first`);
  }
}

/**
 * An earlier change of the cache broke off half way, such as an update in which the policy threw: what the
 * policy remembers may not belong to the rows any more, so that its next choice could be wrong. The rows can
 * still be read.
 */
export class CacheFailedError extends NammError {
  /** @param failure what broke off */
  constructor(action: string, failure: string, cause: unknown) {
    const advice = 'go on with a fork or a file from before';
    super('CACHE_FAILED', `${action}: ${failure} broke off half way; ${advice}`, { cause });
  }
}

/** A scorer gave a row a score that is not a number, most likely because the model computed NaN. */
export class InvalidScoreError extends NammError {
  constructor(policy: string, layer: number, head: number) {
    const problem = 'a score is not a number; do the keys or the attention hold NaN?';
    super('INVALID_SCORE', `The policy '${policy}' (layer ${layer}, head ${head}): ${problem}`, {
      details: { policy, layer, head },
    });
  }
}

/** There is no memory for more rows. */
export class CacheFullError extends NammError {
  constructor(count: number, { rows, bytes }: CacheMemory, cause: unknown) {
    const held = `${rows} rows in ${bytes.allocated} bytes`;
    const advice = 'evict more, with a policy that has a budget';
    super('CACHE_FULL', `There is no memory for ${count} more tokens beside ${held}; ${advice}`, {
      cause,
      details: { count, rows, allocated: bytes.allocated },
    });
  }
}

/** A cache was to be changed after its rows were freed. */
export class CacheReleasedError extends NammError {
  constructor(action: string) {
    super('CACHE_RELEASED', `${action}: the cache was released; make another`);
  }
}

/** Something saved belongs to another model, policy or settings than those at hand. */
export class CacheMismatchError extends NammError {
  /**
   * @param file what was read
   * @param part what differs: `model`, `policy`, `settings` …
   */
  constructor(file: string, part: string, saved: unknown, wanted: unknown) {
    super('CACHE_MISMATCH', `${file}: was saved with ${difference(part, saved, wanted)}`, {
      details: { file, part, saved, wanted },
    });
  }
}

/** Digests at their beginning, and of settings only what differs. */
function difference(part: string, saved: unknown, wanted: unknown): string {
  const shown = (value: unknown) =>
    typeof value === 'string'
      ? value.replace(/^([0-9a-f]{8})[0-9a-f]{24,}$/, '$1…')
      : JSON.stringify(value);
  if (!isRecord(saved) || !isRecord(wanted)) {
    return `another ${part}: ${shown(saved)}, not ${shown(wanted)}`;
  }
  const names = [...new Set([...Object.keys(saved), ...Object.keys(wanted)])];
  const differing = names.filter((name) => shown(saved[name]) !== shown(wanted[name]));
  const list = differing.map((name) => `${name} ${shown(saved[name])}, not ${shown(wanted[name])}`);
  return `other ${part}: ${list.join('; ')}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
