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

  copy(): TokenLog {
    const copy = new TokenLog();
    copy.append(this.ids);
    return copy;
  }
}
