import { InvalidArgumentError, noneOf } from '@namm/core';
import type { Tokenizer } from '@namm/decoder';
import { callGrammar, FreeText } from '../grammar/call-grammar.js';
import { type Grammar, GrammarSpace } from '../grammar/grammar.js';
import { schemaGrammar } from '../grammar/schema-grammar.js';
import { TokenConstraint } from '../grammar/token-constraint.js';
import { Vocabulary } from '../grammar/vocabulary.js';
import type { AnswerForm, Tool } from './answer-request.js';
import { callMarks, callTokens } from './tool-calls.js';

/** Constraints that are kept for requests to come, and grammars that one may have grown to. */
const [mostKept, largestKept] = [32, 50_000];

/** Characters of a form and its tools with which a constraint is kept. */
const longestKept = 200_000;

/** Makes the constraints of answers that have a form promised, and keeps those used last. */
export class Constraints {
  readonly #tokenizer: Tokenizer;
  readonly #size: number;
  readonly #kept = new Map<string, TokenConstraint>();
  #vocabulary: Vocabulary | null = null;

  /** @param size of the model's vocabulary */
  constructor(tokenizer: Tokenizer, size: number) {
    this.#tokenizer = tokenizer;
    this.#size = size;
  }

  /**
   * What an answer may be written with; null for anything.
   *
   * @param tools that may be called; null for none
   * @throws {InvalidArgumentError} for a form that cannot be promised
   */
  find(form: AnswerForm, tools: readonly Tool[] | null): TokenConstraint | null {
    const { schema, toolChoice, parallelCalls } = form;
    const isFree = toolChoice === 'auto' && schema === null;
    const isBound = tools !== null && (!parallelCalls || tools.some(isStrict));
    if (isFree && !isBound) return null;
    const key = JSON.stringify([form, tools]);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const found =
      kept !== undefined && kept.space.size < largestKept ? kept : this.#make(form, tools);
    if (key.length > longestKept) return found;
    this.#kept.set(key, found);
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value!);
    return found;
  }

  #make(form: AnswerForm, tools: readonly Tool[] | null): TokenConstraint {
    const space = new GrammarSpace();
    const grammar = this.#grammar(space, form, tools);
    const { endIds } = this.#tokenizer.generation;
    this.#vocabulary ??= new Vocabulary(this.#tokenizer, this.#size, endIds, callTokens);
    return new TokenConstraint(space, grammar, this.#vocabulary);
  }

  #grammar(
    space: GrammarSpace,
    { schema, toolChoice, parallelCalls }: AnswerForm,
    tools: readonly Tool[] | null,
  ): Grammar {
    const json = schema === null ? null : schemaGrammar(space, schema.value, schema.param);
    if (tools === null) return json!;
    const named = typeof toolChoice === 'object' ? toolChoice.name : null;
    const chosen = named === null ? tools : tools.filter((tool) => nameOf(tool) === named);
    if (chosen.length === 0) {
      throw new InvalidArgumentError('tool_choice', noneOf(named ?? '', tools.map(nameOf)));
    }
    const { open, close } = callMarks;
    const call = callGrammar(space, chosen, close);
    if (toolChoice === 'auto' && json === null) {
      const begin = (): Grammar =>
        space.machine(
          new FreeText(new TextEncoder().encode(open), () =>
            parallelCalls ? space.sequence([call, begin()]) : call,
          ),
        );
      return begin();
    }
    const most = parallelCalls && named === null ? Infinity : 1;
    const calls = space.repeat(space.sequence([space.text(open), call]), 1, most);
    return toolChoice === 'auto' ? space.either([json!, calls]) : calls;
  }
}

function nameOf(tool: Tool): string {
  return (tool.function as { readonly name: string }).name;
}

function isStrict(tool: Tool): boolean {
  return (tool.function as { readonly strict?: unknown }).strict === true;
}
