/** What a template raises, or asks for that is not rendered here; {@link ChatTemplate} says in which file. */
export class TemplateError extends Error {}

/** An operation on what a template calls undefined, or one that Python refuses for these types. */
export function fail(problem: string): never {
  throw new TemplateError(problem);
}
