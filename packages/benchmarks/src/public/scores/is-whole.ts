/** Whether a text contains another as whole words: no letter, digit, underscore or hyphen goes on before or behind it. */
export function isWhole(text: string, wanted: string): boolean {
  const escaped = wanted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${escaped}(?![\\p{L}\\p{N}_-])`, 'iu').test(text);
}
