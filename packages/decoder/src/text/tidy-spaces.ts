const replacements = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/** Removes the spaces that WordPiece decoding leaves before punctuation, as transformers does. */
export function tidySpaces(text: string): string {
  return replacements.reduce((tidied, [from, to]) => tidied.replaceAll(from, to), text);
}
