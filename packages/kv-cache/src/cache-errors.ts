import { isDeepStrictEqual } from 'node:util';
import { NammError } from '@namm/core';
import type { CacheMemory } from './contracts/cache-memory.js';

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

/** A cache was changed or forked while another operation was changing it. */
export class CacheBusyError extends NammError {
  constructor(action: string, holder: string) {
    super('CACHE_BUSY', `${action}: the cache is held by ${holder}; await that first`);
  }
}

/**
 * An earlier change of the cache failed halfway, such as an update in which the policy threw. The policy's state may no
 * longer match the rows, so its next choice could be wrong. The rows can still be read.
 */
export class CacheFailedError extends NammError {
  /** @param failure the change that failed */
  constructor(action: string, failure: string, cause: unknown) {
    const advice = 'continue with an earlier fork or file';
    super('CACHE_FAILED', `${action}: ${failure} broke off half way; ${advice}`, { cause });
  }
}

/** A scorer gave a row a score that is NaN, most likely because the model computed NaN. */
export class InvalidScoreError extends NammError {
  constructor(policy: string, layer: number, head: number) {
    const problem = 'a score is not a number; do the keys or the attention hold NaN?';
    super('INVALID_SCORE', `The policy '${policy}' (layer ${layer}, head ${head}): ${problem}`, {
      details: { policy, layer, head },
    });
  }
}

/** There is not enough memory for more rows. */
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

/** A cache was used after its rows were freed. */
export class CacheReleasedError extends NammError {
  constructor(action: string) {
    super('CACHE_RELEASED', `${action}: the cache was released; make another`);
  }
}

const saveProblems: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; make that first',
  ENOTDIR: 'lies below something that is not a folder; choose another path',
  EEXIST: 'is a file where a folder is to be; choose another path',
  EISDIR: 'is a folder; name a file in it',
  EACCES: 'may not be written by this user; change the permissions of its folder',
  EPERM: 'may not be written by this user; change the permissions of its folder',
  EROFS: 'lies where nothing can be written; choose another path',
  ENOSPC: 'there is no space left on its disk; make room there',
  EDQUOT: 'the quota of its disk is used up; make room there',
};

/** A cache could not be written to a file. An older file of this name is left unchanged. */
export class CacheSaveError extends NammError {
  constructor(path: string, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
    const problem = saveProblems[code] ?? `cannot be written (${String(cause)})`;
    super('CACHE_SAVE', `${path}: ${problem}`, { cause, details: { path } });
  }
}

/** A saved cache belongs to another model, policy or settings. */
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

function difference(part: string, saved: unknown, wanted: unknown): string {
  if (!isRecord(saved) || !isRecord(wanted)) {
    return `another ${part}: ${shown(saved)}, not ${shown(wanted)}`;
  }
  return `other ${part} (saved → given): ${differences('', saved, wanted).join('; ')}`;
}

/** Only what differs: `path: saved → given`. */
function differences(path: string, saved: unknown, wanted: unknown): string[] {
  if (isDeepStrictEqual(saved, wanted)) return [];
  if (!isRecord(saved) || !isRecord(wanted)) return [`${path}: ${shown(saved)} → ${shown(wanted)}`];
  const names = [...new Set([...Object.keys(saved), ...Object.keys(wanted)])];
  return names.flatMap((name) =>
    differences(path === '' ? name : `${path}.${name}`, saved[name], wanted[name]),
  );
}

/** Digests by their first digits. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.replace(/^([0-9a-f]{8})[0-9a-f]{24,}$/, '$1…');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
