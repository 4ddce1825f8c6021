import { InvalidArgumentError } from '@namm/core';
import type { Tool } from '../text/answer-request.js';
import type { Grammar, GrammarSpace, Machine } from './grammar.js';
import { schemaGrammar } from './schema-grammar.js';

/**
 * A call of a tool as models write it, behind the mark that opens it: `{"name": …, "arguments": …}` and the mark that
 * closes it. The arguments keep to the parameters of a strict tool; to those of others where they can be promised.
 *
 * @param close the mark
 * @throws {InvalidArgumentError} when the parameters of a strict tool cannot be promised
 */
export function callGrammar(space: GrammarSpace, tools: readonly Tool[], close: string): Grammar {
  const gap = space.optional(space.either([space.text(' '), space.text('\n')]));
  const part = (name: string, value: Grammar) =>
    space.sequence([space.text(JSON.stringify(name)), space.text(':'), gap, value]);
  const calls = tools.map((tool, i) => {
    const { name, parameters, strict } = tool.function as {
      readonly name: string;
      readonly parameters?: unknown;
      readonly strict?: unknown;
    };
    const given = argumentsOf(space, parameters, strict === true, `tools.${i}.function.parameters`);
    return space.sequence([
      ...[space.text('{'), gap, part('name', space.text(JSON.stringify(name)))],
      ...[space.text(','), gap, part('arguments', given), gap, space.text('}')],
    ]);
  });
  return space.sequence([gap, space.either(calls), gap, space.text(close)]);
}

function argumentsOf(
  space: GrammarSpace,
  parameters: unknown,
  isStrict: boolean,
  param: string,
): Grammar {
  const anything = () => schemaGrammar(space, { type: 'object' }, param);
  if (parameters === undefined || parameters === null) return anything();
  try {
    return schemaGrammar(space, { type: 'object', ...parameters }, param);
  } catch (error) {
    if (isStrict || !(error instanceof InvalidArgumentError)) throw error;
    return anything();
  }
}

/** Any text; where calls begin in it, they are calls. */
export class FreeText implements Machine {
  readonly key: string;
  readonly isNullable = true;
  readonly isFree = true;
  readonly #open: Uint8Array;
  readonly #call: (space: GrammarSpace) => Grammar;
  /** Bytes of the mark that the text ends with. */
  readonly #matched: number;

  /** @param call what follows behind the mark, and the free text after it */
  constructor(open: Uint8Array, call: (space: GrammarSpace) => Grammar, matched = 0) {
    this.#open = open;
    this.#call = call;
    this.#matched = matched;
    this.key = `free ${matched}`;
  }

  step(byte: number, space: GrammarSpace): Grammar {
    let matched = this.#matched;
    while (matched > 0 && this.#open[matched] !== byte) matched = this.#fallBack(matched);
    if (this.#open[matched] === byte) matched++;
    if (matched === this.#open.length) return this.#call(space);
    return space.machine(new FreeText(this.#open, this.#call, matched));
  }

  /** The longest beginning of the mark that its first bytes end with. */
  #fallBack(matched: number): number {
    const ended = Buffer.from(this.#open.subarray(0, matched));
    for (let length = matched - 1; length > 0; length--) {
      if (ended.subarray(matched - length).equals(ended.subarray(0, length))) return length;
    }
    return 0;
  }
}
