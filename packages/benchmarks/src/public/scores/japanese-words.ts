const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });

/**
 * Words of a Japanese text as ICU cuts them. ChouBun cuts with MeCab and a dictionary that it does not name, so scores
 * differ a little from those of the paper, whatever one does.
 */
export function japaneseWords(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment).filter(
    (word) => word.trim() !== '',
  );
}
