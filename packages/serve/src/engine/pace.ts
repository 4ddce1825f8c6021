/**
 * Lets the reader of an answer pause its writing. While paused, its request is not computed, and others continue.
 *
 * @example
 * ```ts
 * const pace = new Pace();
 * const answer = engine.run({ ...request, pace });
 * pace.hold(); // the reader is slow
 * pace.release();
 * ```
 */
export class Pace {
  #isHeld = false;
  #onRelease: () => void = () => {};

  get isHeld(): boolean {
    return this.#isHeld;
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#onRelease();
  }

  /** Whom to tell when it is released. */
  listen(onRelease: () => void): void {
    this.#onRelease = onRelease;
  }
}
