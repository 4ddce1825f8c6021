/**
 * Counts who reads something together, such as rows of a cache and its forks. Whoever no longer needs it leaves; one
 * that is collected as garbage is taken to have left.
 */
export class Sharers {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  join(reader: object): void {
    this.#count++;
    collected.register(reader, () => this.#count--, reader);
  }

  leave(reader: object): void {
    collected.unregister(reader);
    this.#count--;
  }
}

const collected = new FinalizationRegistry<() => void>((leave) => leave());
