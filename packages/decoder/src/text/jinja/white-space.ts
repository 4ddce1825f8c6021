/** What Python takes for white space; JavaScript's `\s` differs. */
const spaces =
  '\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const atStart = new RegExp(`^[${spaces}]+`);
const atEnd = new RegExp(`[${spaces}]+$`);
const only = new RegExp(`^[${spaces}]+$`);

export const spaceRun = new RegExp(`[${spaces}]+`);

/** Whether a text is white space, and not empty. */
export function isSpace(text: string): boolean {
  return only.test(text);
}

export function trimStart(text: string): string {
  return text.replace(atStart, '');
}

export function trimEnd(text: string): string {
  return text.replace(atEnd, '');
}
