import { FileFormatError } from '@namm/core';

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
