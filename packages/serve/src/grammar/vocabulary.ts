import type { Tokenizer } from '@namm/decoder';
import type { Automaton } from './automaton.js';

/** The tokens of a model by their bytes, sorted, so that a state is asked once for what many begin with. */
export class Vocabulary {
  /** Of tokens that have bytes, in the order of these. */
  readonly #ids: readonly number[];
  readonly #bytes: readonly Uint8Array[];
  /** Bytes that each has in common with the one before it. */
  readonly #common: Int32Array;
  readonly #byId = new Map<number, Uint8Array>();

  /**
   * @param size of the model's vocabulary
   * @param ends tokens that end an answer, which stand for no text
   * @param shown special tokens that are part of answers
   * @throws {TokenizerError} when the tokens of this kind of tokenizer have no bytes of their own
   */
  constructor(
    tokenizer: Pick<Tokenizer, 'tokenOf' | 'isSpecial' | 'bytesOf'>,
    size: number,
    ends: readonly number[],
    shown: ReadonlySet<string>,
  ) {
    for (let id = 0; id < size; id++) {
      if (ends.includes(id)) continue;
      const text = tokenizer.tokenOf(id);
      const isShown = text !== null && tokenizer.isSpecial(id) && shown.has(text);
      const bytes = isShown ? new TextEncoder().encode(text) : tokenizer.bytesOf(id);
      if (bytes !== null && bytes.length > 0) this.#byId.set(id, bytes);
    }
    const sorted = [...this.#byId].sort(([, a], [, b]) => Buffer.compare(a, b));
    this.#ids = sorted.map(([id]) => id);
    this.#bytes = sorted.map(([, bytes]) => bytes);
    this.#common = Int32Array.from(this.#bytes, (bytes, i) => {
      const before = this.#bytes[i - 1] ?? new Uint8Array(0);
      let length = 0;
      while (length < before.length && bytes[length] === before[length]) length++;
      return length;
    });
  }

  /** Null for tokens that stand for no text. */
  bytesOf(id: number): Uint8Array | null {
    return this.#byId.get(id) ?? null;
  }

  /** The tokens that may come in a state. */
  allowed(automaton: Automaton, state: number): number[] {
    const allowed: number[] = [];
    const states = [state];
    let deadAt = Infinity;
    for (const [i, bytes] of this.#bytes.entries()) {
      let depth = this.#common[i]!;
      if (depth > deadAt) continue; // it has the byte that was not to come
      deadAt = Infinity;
      for (; depth < bytes.length; depth++) {
        const next = automaton.step(states[depth]!, bytes[depth]!);
        if (next < 0) {
          deadAt = depth;
          break;
        }
        states[depth + 1] = next;
      }
      if (deadAt === Infinity) allowed.push(this.#ids[i]!);
    }
    return allowed;
  }
}
