import { byteTokens } from './byte-tokens.js';

/** What `tokenizer.json` says of a Unigram model. */
interface UnigramModel {
  readonly vocab: readonly (readonly [piece: string, score: number])[];
  readonly unk_id?: number | null;
  readonly byte_fallback?: boolean;
}

/** What an unknown character costs beside the least likely piece; as in SentencePiece. */
const unknownPenalty = 10;

/**
 * Cuts pieces of text into the likeliest tokens (Kudo 2018), by a Viterbi search in the order of the reference, so that
 * of equally likely ways the same one is taken. Unknown characters in a row are one token, or spelled in bytes.
 */
export class Unigram {
  readonly #scores: ReadonlyMap<string, number>;
  /** A piece as any other, whose text joins unknown characters beside it. */
  readonly #unknownPiece: string | undefined;
  readonly #unknownScore: number;
  readonly #spellsBytes: boolean;
  /** In characters. */
  readonly #longest: number;

  constructor({ vocab, unk_id, byte_fallback }: UnigramModel) {
    this.#scores = new Map(vocab);
    this.#unknownScore =
      vocab.reduce((least, [, score]) => Math.min(least, score), Infinity) - unknownPenalty;
    this.#unknownPiece = vocab[unk_id ?? -1]?.[0];
    this.#spellsBytes = byte_fallback === true;
    this.#longest = vocab.reduce((most, [piece]) => Math.max(most, Array.from(piece).length), 1);
  }

  /** The tokens of a piece; unknown text as it stands. */
  encode(piece: string): string[] {
    const characters = Array.from(piece);
    const best = new Float64Array(characters.length + 1);
    const startOf = new Int32Array(characters.length + 1).fill(-1);
    const isUnknown = new Uint8Array(characters.length + 1);
    for (let start = 0; start < characters.length; start++) {
      const offer = (end: number, score: number, unknown: boolean) => {
        const total = score + best[start]!;
        if (startOf[end] !== -1 && total <= best[end]!) return;
        best[end] = total;
        startOf[end] = start;
        isUnknown[end] = Number(unknown);
      };
      let text = '';
      const last = Math.min(characters.length, start + this.#longest);
      for (let end = start + 1; end <= last; end++) {
        text += characters[end - 1];
        const score = this.#scores.get(text);
        if (score !== undefined) offer(end, score, text === this.#unknownPiece);
      }
      if (!this.#scores.has(characters[start]!)) offer(start + 1, this.#unknownScore, true);
    }
    const tokens: string[] = [];
    let unknown = '';
    const tellUnknown = () => {
      if (unknown !== '') tokens.push(...this.#spell(unknown).reverse());
      unknown = '';
    };
    for (let end = characters.length; end > 0; end = startOf[end]!) {
      const text = characters.slice(startOf[end], end).join('');
      if (isUnknown[end]) {
        unknown = text + unknown;
        continue;
      }
      tellUnknown();
      tokens.push(text);
    }
    tellUnknown();
    return tokens.reverse();
  }

  #spell(text: string): string[] {
    if (!this.#spellsBytes) return [text];
    const bytes = byteTokens(text);
    return bytes.every((byte) => this.#scores.has(byte)) ? bytes : [text];
  }
}
