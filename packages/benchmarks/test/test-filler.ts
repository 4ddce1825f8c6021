import { documentFiller } from '../src/filler.js';

const prose = (subject: string) =>
  Array.from(
    { length: 200 },
    (_, line) =>
      `It was the ${line}th evening, and ${subject} went on. "Quiet!" he said; nobody spoke.`,
  ).join('\n\n');
const code = (subject: string) =>
  Array.from({ length: 200 }, (_, line) => `def ${subject}_${line}():\n    return ${line}\n`).join(
    '\n',
  );

/** A small filler with one work of each kind for each split. */
export const testFiller = documentFiller(
  (['train', 'development', 'test'] as const).flatMap((split) => [
    {
      name: `${split}-prose`,
      kind: 'prose' as const,
      split,
      text: prose(`the ${split} traveller`),
    },
    { name: `${split}-code`, kind: 'code' as const, split, text: code(split) },
  ]),
);

/** Counts words, marks and line feeds: a stand-in for a tokenizer that splits at the same places. */
export const countWords = (text: string): number =>
  text.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu)?.length ?? 0;
