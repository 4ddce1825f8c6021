import type { BenchmarkSample, CountTokens, SegmentKind } from './types.js';

/** The role of a prompt's token: the BOS token, or part of a segment. */
export interface TokenRole {
  readonly kind: SegmentKind | 'bos';
  /** Index of the segment, -1 for BOS. */
  readonly segment: number;
  /** The questions the segment belongs to. */
  readonly questions: readonly number[];
}

/**
 * The role of each token of a sample, BOS first. Segments begin with white space or punctuation, so a tokenizer that
 * splits words there gives the same tokens for the whole text as for the separate segments.
 */
export function attributeTokens(sample: BenchmarkSample, countTokens: CountTokens): TokenRole[] {
  const roles: TokenRole[] = [{ kind: 'bos', segment: -1, questions: [] }];
  sample.segments.forEach(({ kind, text, questions = [] }, segment) => {
    const role = { kind, segment, questions };
    for (let count = countTokens(text); count > 0; count--) roles.push(role);
  });
  return roles;
}
