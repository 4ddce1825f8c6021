/** The ids of a sequence, in the order they were read: what a later prompt is compared with. */
export class TokenLog {
  #ids = new Int32Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes it takes, with its unused end. */
  get bytes(): number {
    return this.#ids.byteLength;
  }

  /** View of the ids, valid until the log changes. */
  get ids(): Int32Array {
    return this.#ids.subarray(0, this.#length);
  }

  append(ids: ArrayLike<number>): void {
    const length = this.#length + ids.length;
    if (length > this.#ids.length) {
      const grown = new Int32Array(Math.ceil(length * 1.25));
      grown.set(this.ids);
      this.#ids = grown;
    }
    this.#ids.set(ids, this.#length);
    this.#length = length;
  }

  /** How many of the first ids a prompt begins with. */
  commonWith(prompt: ArrayLike<number>): number {
    const end = Math.min(this.#length, prompt.length);
    for (let i = 0; i < end; i++) if (this.#ids[i] !== prompt[i]) return i;
    return end;
  }

  /** How many of the first ids of a prompt are the last ids here: those of a conversation without its beginning. */
  overlapWith(prompt: ArrayLike<number>): number {
    // Borders of the prompt, as Knuth, Morris and Pratt use them.
    const borders = new Int32Array(prompt.length);
    for (let i = 1, length = 0; i < prompt.length; i++) {
      while (length > 0 && prompt[i] !== prompt[length]) length = borders[length - 1]!;
      if (prompt[i] === prompt[length]) length++;
      borders[i] = length;
    }
    let length = 0;
    for (const id of this.ids) {
      while (length > 0 && (length === prompt.length || id !== prompt[length])) {
        length = borders[length - 1]!;
      }
      if (id === prompt[length]) length++;
    }
    return length;
  }

  /** The longest run of ids that a prompt has in the same places. */
  longestRunWith(prompt: ArrayLike<number>): number {
    const end = Math.min(this.#length, prompt.length);
    let [run, longest] = [0, 0];
    for (let i = 0; i < end; i++) {
      run = this.#ids[i] === prompt[i] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  copy(): TokenLog {
    const copy = new TokenLog();
    copy.append(this.ids);
    return copy;
  }
}
