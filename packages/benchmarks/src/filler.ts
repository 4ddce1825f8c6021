import { InvalidArgumentError, type Random } from '@namm/core';
import { splitFiller } from './split-filler.js';
import type { FillerKind, Split } from './types.js';

/** A whole work that filler is taken from. Works of different splits must be different works. */
export interface FillerDocument {
  readonly name: string;
  readonly kind: FillerKind;
  readonly split: Split;
  readonly text: string;
}

/** A place in a work; reading from it gives contiguous text, wrapping around at the end. */
export interface Passage {
  readonly document: string;
  /** The pieces (sentences or lines) from the place on, without end. */
  pieces(): IterableIterator<string>;
}

/** Source of the samples' filler. */
export interface Filler {
  passage(kind: FillerKind, split: Split, random: Random): Passage;
}

/**
 * A filler over works in memory. Every work is equally likely, and so is every place in it.
 *
 * @throws {InvalidArgumentError} when two works have the same name
 * @example
 * ```ts
 * const filler = documentFiller([{ name: 'moby-dick', kind: 'prose', split: 'test', text }]);
 * ```
 */
export function documentFiller(documents: readonly FillerDocument[]): Filler {
  if (new Set(documents.map(({ name }) => name)).size !== documents.length) {
    throw new InvalidArgumentError('documents', 'two works have the same name');
  }
  const cut = new Map<FillerDocument, string[]>();
  const piecesOf = (document: FillerDocument) => {
    const pieces = cut.get(document) ?? splitFiller(document.text, document.kind);
    cut.set(document, pieces);
    return pieces;
  };
  return {
    passage(kind, split, random) {
      const candidates = documents.filter((each) => each.kind === kind && each.split === split);
      if (candidates.length === 0) {
        throw new InvalidArgumentError('documents', `there is no ${kind} for the ${split} split`);
      }
      const document = random.pick(candidates);
      const all = piecesOf(document);
      if (all.length === 0)
        throw new InvalidArgumentError('documents', `${document.name} is empty`);
      const start = random.integer(all.length);
      return {
        document: document.name,
        *pieces() {
          for (let i = start; ; i = (i + 1) % all.length) yield all[i]!;
        },
      };
    },
  };
}
