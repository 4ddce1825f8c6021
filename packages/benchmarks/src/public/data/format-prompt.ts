import { FileFormatError } from '@namm/core';

/**
 * What of a prompt comes behind its context, such as the question: its template behind the last `{context}`, filled in.
 * Empty where the template has no context.
 */
export function questionOf(
  template: string,
  fields: Readonly<Record<string, string>>,
  file: string,
): string {
  const field = '{context}';
  const at = template.lastIndexOf(field);
  return at < 0 ? '' : formatPrompt(template.slice(at + field.length), fields, file);
}

/**
 * A template of a benchmark with its fields filled in, as Python's `str.format` does for names: `{context}` is a field,
 * `{{` a brace.
 *
 * @param file where the template is from, for messages
 * @throws {FileFormatError} for a field that there is none of
 */
export function formatPrompt(
  template: string,
  fields: Readonly<Record<string, string>>,
  file: string,
): string {
  return template.replace(/\{\{|\}\}|\{(\w*)\}/g, (match, name: string | undefined) => {
    if (name === undefined) return match[0]!;
    const value = fields[name];
    if (value !== undefined) return value;
    const known = Object.keys(fields).join(', ');
    throw new FileFormatError(file, `its prompt wants {${name}}; there are ${known}`);
  });
}
