import type { Grammar, GrammarSpace } from './grammar.js';

/** No state: what was read cannot be gone on with. */
const dead = -1;
const unknown = -2;

/** A grammar as numbered states that are found as they are needed, so that a byte costs one look. */
export class Automaton {
  readonly #space: GrammarSpace;
  readonly #grammars: Grammar[] = [];
  readonly #states = new Map<Grammar, number>();
  readonly #next: Int32Array[] = [];

  constructor(space: GrammarSpace) {
    this.#space = space;
  }

  stateOf(grammar: Grammar): number {
    const found = this.#states.get(grammar);
    if (found !== undefined) return found;
    const state = this.#grammars.length;
    this.#states.set(grammar, state);
    this.#grammars.push(grammar);
    this.#next.push(new Int32Array(256).fill(unknown));
    return state;
  }

  grammarOf(state: number): Grammar {
    return this.#grammars[state]!;
  }

  /** The state behind a byte; negative when there is none. */
  step(state: number, byte: number): number {
    const next = this.#next[state]!;
    if (next[byte] !== unknown) return next[byte]!;
    const grammar = this.#space.after(this.#grammars[state]!, byte);
    next[byte] = grammar === this.#space.never ? dead : this.stateOf(grammar);
    return next[byte];
  }
}
