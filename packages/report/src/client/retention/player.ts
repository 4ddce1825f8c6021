/** Goes through the updates by itself, in about twenty seconds, and never too fast to see. */
export class Player {
  readonly #step: () => boolean;
  readonly #onChange: (isPlaying: boolean) => void;
  readonly #delay: number;
  #timer = 0;

  /** @param step goes to the next update; false when it was the last */
  constructor(updates: number, step: () => boolean, onChange: (isPlaying: boolean) => void) {
    this.#step = step;
    this.#onChange = onChange;
    this.#delay = Math.min(700, Math.max(60, 20_000 / updates));
  }

  get isPlaying(): boolean {
    return this.#timer !== 0;
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => {
      if (!this.#step()) this.stop();
    }, this.#delay);
    this.#onChange(true);
  }

  stop(): void {
    if (!this.isPlaying) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#onChange(false);
  }
}
