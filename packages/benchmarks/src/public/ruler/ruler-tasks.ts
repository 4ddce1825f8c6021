/** What the values and keys of needles are. */
export type NeedleKind = 'words' | 'numbers' | 'uuids';

/** What a task of RULER is made of. */
export type RulerTask =
  | {
      readonly kind: 'niah';
      readonly haystack: 'noise' | 'essay' | 'needles';
      readonly keys: NeedleKind;
      readonly values: NeedleKind;
      readonly keyCount: number;
      readonly valueCount: number;
      readonly queryCount: number;
    }
  | { readonly kind: 'vt'; readonly chains: number; readonly hops: number }
  | {
      readonly kind: 'cwe';
      readonly common: number;
      readonly commonRepeats: number;
      readonly otherRepeats: number;
    }
  | { readonly kind: 'fwe'; readonly alpha: number }
  | { readonly kind: 'qa'; readonly questions: 'squad' | 'hotpotqa' };

const needle = (
  haystack: 'noise' | 'essay' | 'needles',
  keys: NeedleKind,
  values: NeedleKind,
  counts: { readonly keys?: number; readonly values?: number; readonly queries?: number } = {},
): RulerTask => ({
  ...{ kind: 'niah', haystack, keys, values },
  keyCount: Math.max(counts.keys ?? 1, counts.queries ?? 1),
  valueCount: counts.values ?? 1,
  queryCount: counts.queries ?? 1,
});

/** The 13 tasks of RULER, in its order. */
export const rulerTasks: Readonly<Record<string, RulerTask>> = {
  niah_single_1: needle('noise', 'words', 'numbers'),
  niah_single_2: needle('essay', 'words', 'numbers'),
  niah_single_3: needle('essay', 'words', 'uuids'),
  niah_multikey_1: needle('essay', 'words', 'numbers', { keys: 4 }),
  niah_multikey_2: needle('needles', 'words', 'numbers'),
  niah_multikey_3: needle('needles', 'uuids', 'uuids'),
  niah_multivalue: needle('essay', 'words', 'numbers', { values: 4 }),
  niah_multiquery: needle('essay', 'words', 'numbers', { queries: 4 }),
  vt: { kind: 'vt', chains: 1, hops: 4 },
  cwe: { kind: 'cwe', common: 10, commonRepeats: 30, otherRepeats: 3 },
  fwe: { kind: 'fwe', alpha: 2 },
  qa_1: { kind: 'qa', questions: 'squad' },
  qa_2: { kind: 'qa', questions: 'hotpotqa' },
};

/** Tokens that an answer may have. */
export const rulerAnswerTokens: Readonly<Record<RulerTask['kind'], number>> = {
  ...{ niah: 128, vt: 30, cwe: 120, fwe: 50, qa: 32 },
};
