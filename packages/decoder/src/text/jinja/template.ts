import { checkStatements } from './check-statements.js';
import { globals } from './globals.js';
import { render } from './interpreter.js';
import { parse } from './parser.js';
import type { Statement } from './syntax.js';
import { TemplateError } from './template-error.js';
import { fromJavaScript } from './values.js';

/**
 * A Jinja template that renders as Jinja2 does in the sandbox of transformers: values, operators, filters,
 * tests and methods are Python's. What is not done here raises an error that names it; nothing renders
 * differently in silence.
 *
 * @example
 * ```ts
 * new Template('{{ words }}').render({ words: ['a', null] }, () => new Date()); // "['a', None]"
 * ```
 */
export class Template {
  readonly #body: readonly Statement[];

  /** @throws {TemplateError} naming the line that is not understood */
  constructor(source: string) {
    this.#body = parse(source);
    checkStatements(this.#body);
  }

  /**
   * @param variables JavaScript values: objects are dicts, whole numbers ints, null is None
   * @param now the date of `strftime_now`
   * @throws {TemplateError} for what the template raises or Python would, and for what is not supported
   */
  render(variables: Readonly<Record<string, unknown>>, now: () => Date): string {
    const all = globals(now);
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined) all.set(name, fromJavaScript(value));
    }
    try {
      return render(this.#body, all);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TemplateError('it calls itself too deeply, or makes too long a text', {
        cause: error,
      });
    }
  }
}
