import { CacheBusyError, CacheFailedError, CacheReleasedError } from './cache-errors.js';

/** Sees to it that one piece of work at a time changes a cache, and none after it failed or was released. */
export class CacheGuard {
  #holder: string | null = null;
  #isReleased = false;
  /** The change that broke off half way. */
  #failure: { readonly what: string; readonly cause: unknown } | null = null;

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /**
   * Takes the cache for a piece of work.
   *
   * @param work what it is for, for the message of the others' errors
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
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  release(): void {
    this.#mustBeFree('release');
    this.#isReleased = true;
  }

  /**
   * Notes that a change broke off half way.
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

/** The right of one piece of work to change a cache. */
export interface CacheHold {
  /** @throws {CacheBusyError | CacheFailedError} when the right is over, or the cache has failed */
  mustStand(action: string): void;
  /** Gives the cache free; a second call does nothing. */
  release(): void;
}
