/**
 * Saves one at a time: what is asked for while one is under way is done once after it, since it saves everything there is
 * then.
 */
export class SaveQueue {
  readonly #save: (() => void | Promise<void>) | undefined;
  readonly #onError: (error: unknown) => void;
  #wanted = false;
  #running: Promise<void> | null = null;

  /** @param onError called at once when a save fails; nothing is saved after that */
  constructor(save: (() => void | Promise<void>) | undefined, onError: (error: unknown) => void) {
    this.#save = save;
    this.#onError = onError;
  }

  /** Saves soon: what comes in together is saved together. */
  request(): void {
    this.#wanted = true;
    if (this.#save) this.#running ??= this.#work(this.#save);
  }

  async #work(save: () => void | Promise<void>): Promise<void> {
    try {
      while (this.#wanted) {
        await Promise.resolve(); // results of the same moment first
        this.#wanted = false;
        await save();
      }
      this.#running = null;
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Waits until everything is saved, or nothing can be. */
  async done(): Promise<void> {
    await this.#running;
  }
}
