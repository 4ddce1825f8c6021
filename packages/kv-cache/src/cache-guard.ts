import { CacheBusyError, CacheFailedError, CacheReleasedError } from './cache-errors.js';

/** Makes sure that only one operation at a time changes a cache, and none after it has failed or was released. */
export class CacheGuard {
  #holder: string | null = null;
  #isReleased = false;
  /** The change that failed halfway. */
  #failure: { readonly what: string; readonly cause: unknown } | null = null;

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /**
   * Locks the cache for one operation.
   *
   * @param work name of the operation, for the error messages that others get
   * @throws {CacheBusyError | CacheFailedError | CacheReleasedError} when it cannot be taken
   */
  hold(work: string): CacheHold {
    this.mustBeUsable(work);
    this.#holder = work;
    let isOver = false;
    return {
      mustStand: (action) => {
        if (isOver) throw new CacheBusyError(action, 'nobody: this lease was released');
        this.#mustNotHaveFailed(action);
      },
      release: () => {
        if (!isOver) this.#holder = null;
        isOver = true;
      },
    };
  }

  /** @throws {CacheBusyError | CacheFailedError | CacheReleasedError} when the cache must not change now */
  mustBeUsable(action: string): void {
    this.mustHaveRows(action);
    this.#mustBeFree(action);
    this.#mustNotHaveFailed(action);
  }

  /** @throws {CacheReleasedError} when the rows are gone */
  mustHaveRows(action: string): void {
    if (this.#isReleased) throw new CacheReleasedError(action);
  }

  /**
   * Refuses everything from now on.
   *
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  release(): void {
    this.#mustBeFree('release');
    this.#isReleased = true;
  }

  /**
   * Records that a change failed halfway.
   *
   * @param what the change
   */
  fail(what: string, cause: unknown): void {
    this.#failure = { what, cause };
  }

  #mustBeFree(action: string): void {
    if (this.#holder !== null) throw new CacheBusyError(action, `'${this.#holder}'`);
  }

  #mustNotHaveFailed(action: string): void {
    if (this.#failure === null) return;
    throw new CacheFailedError(action, this.#failure.what, this.#failure.cause);
  }
}

/** The right of one operation to change a cache. */
export interface CacheHold {
  /** @throws {CacheBusyError | CacheFailedError} when the right has ended, or the cache has failed */
  mustStand(action: string): void;
  /** Releases the cache; a second call does nothing. */
  release(): void;
}
