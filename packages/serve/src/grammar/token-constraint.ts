import { NammError } from '@namm/core';
import { Automaton } from './automaton.js';
import type { Grammar, GrammarSpace } from './grammar.js';
import type { Vocabulary } from './vocabulary.js';

/** The tokens that answers of one grammar may be written with; many answers share it. */
export class TokenConstraint {
  readonly space: GrammarSpace;
  readonly #automaton: Automaton;
  readonly #vocabulary: Vocabulary;
  readonly #start: number;
  readonly #allowed = new Map<number, Uint32Array>();

  constructor(space: GrammarSpace, grammar: Grammar, vocabulary: Vocabulary) {
    this.space = space;
    this.#automaton = new Automaton(space);
    this.#vocabulary = vocabulary;
    this.#start = this.#automaton.stateOf(grammar);
  }

  /** For one answer, from its beginning. */
  begin(): ConstrainedAnswer {
    return new ConstrainedAnswer(this, this.#start);
  }

  /** The tokens that may come in a state, ascending. */
  allowed(state: number): Uint32Array {
    let ids = this.#allowed.get(state);
    if (ids === undefined) {
      ids = Uint32Array.from(this.#vocabulary.allowed(this.#automaton, state)).sort();
      this.#allowed.set(state, ids);
    }
    return ids;
  }

  grammarOf(state: number): Grammar {
    return this.#automaton.grammarOf(state);
  }

  /** Whether a token stands for no text. */
  isSilent(id: number): boolean {
    return this.#vocabulary.bytesOf(id) === null;
  }

  step(state: number, id: number): number {
    let next = state;
    for (const byte of this.#vocabulary.bytesOf(id) ?? []) {
      next = this.#automaton.step(next, byte);
    }
    return next;
  }
}

/** Where an answer is in its grammar. */
export class ConstrainedAnswer {
  readonly #constraint: TokenConstraint;
  #state: number;

  constructor(constraint: TokenConstraint, state: number) {
    this.#constraint = constraint;
    this.#state = state;
  }

  /** Whether the answer is whole, and nothing may follow. */
  get isOver(): boolean {
    const { isNullable } = this.#constraint.grammarOf(this.#state);
    return isNullable && !this.#isFree && this.#constraint.allowed(this.#state).length === 0;
  }

  /**
   * Closes the tokens that may not come.
   *
   * @param logits `[vocabulary]`; they are changed
   * @param ends tokens that end an answer, which may come where it can be whole
   * @throws {NammError} when no token goes on: the tokenizer lacks the bytes
   */
  restrict(logits: Float32Array, ends: readonly number[]): void {
    const open = this.#constraint.allowed(this.#state);
    const { isNullable } = this.#constraint.grammarOf(this.#state);
    if (open.length === 0 && !isNullable && !this.#isFree) {
      const problem = 'no token of this model can continue the required form';
      throw new NammError('CONSTRAINT', problem);
    }
    let next = 0;
    for (let id = 0; id < logits.length; id++) {
      if (open[next] === id) {
        next++;
        continue;
      }
      const isEnd = ends.includes(id);
      if (isEnd ? isNullable : this.#isFree && this.#constraint.isSilent(id)) continue;
      logits[id] = -Infinity;
    }
  }

  /** A token was written, one that {@link restrict} left open. */
  accept(id: number): void {
    this.#state = this.#constraint.step(this.#state, id);
  }

  get #isFree(): boolean {
    const { rule } = this.#constraint.grammarOf(this.#state);
    return rule.kind === 'machine' && rule.machine.isFree === true;
  }
}
