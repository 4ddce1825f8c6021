import { type AddedToken, cutAtTokens } from './added-tokens.js';
import { BytePairs } from './byte-pairs.js';
import { mendDecoder } from './mend-decoder.js';
import { mendNormalizer } from './mend-normalizer.js';
import { mendPreTokenizer } from './mend-pre-tokenizer.js';
import type { Definition, NormalizerPart, Part } from './parts.js';
import { Unigram } from './unigram.js';
import { WordPieces } from './word-pieces.js';

interface Splitter {
  split(text: string): string[];
}

/** What stands inside the library, as far as it is used here. */
interface Inside {
  readonly pre_tokenizer:
    | (Part & ((text: string, options: { readonly section_index: number }) => string[]))
    | null;
  readonly decoder: (Part & { end_of_word_suffix?: string | null }) | null;
  readonly added_tokens: readonly (AddedToken & {
    readonly id: number;
    readonly normalized: boolean;
  })[];
  readonly splitter_normalized: { readonly constructor: new (texts: string[]) => Splitter };
  readonly normalizer: NormalizerPart | null;
  readonly model: ((pieces: readonly string[]) => string[]) & {
    readonly tokens_to_ids: ReadonlyMap<string, number>;
    readonly vocab: string[];
    fuse_unk: boolean;
    encode(pieces: readonly string[]): readonly string[];
  };
  encode_text(text: string | null): string[] | null;
}

/**
 * Corrects the library where it differs from the reference (tokenizers 0.23, in Rust): how pieces are cut into tokens,
 * added tokens and the spaces around them, how splits treat what they match, which characters are digits, punctuation
 * and spaces, how letters are lowered, and the decoders of Metaspace, bytes and byte-level tokens.
 *
 * @param library a `Tokenizer` of `@huggingface/tokenizers`, made from the definitions (its own types do not load under
 *   `nodenext`, so they are not spelled here)
 * @param json content of `tokenizer.json`
 */
export function mendLibrary(library: object, json: Readonly<Record<string, unknown>>): void {
  const inside = library as Inside;
  mendPreTokenizer(inside.pre_tokenizer, json.pre_tokenizer as Definition);
  mendDecoder(inside.decoder, json.decoder as Definition);
  mendNormalizer(inside.normalizer, json.normalizer as Definition);
  mendModel(inside.model, json.model as NonNullable<Definition>);
  // a suffix is what the decoder that the file names makes of it
  if (inside.decoder) inside.decoder.end_of_word_suffix = null;
  mendAddedTokens(inside);
}

/** Each takes what `tokenizer.json` says of its model, which has been checked. */
const models = { BPE: BytePairs, Unigram, WordPiece: WordPieces } as const;

function mendModel(model: Inside['model'], definition: NonNullable<Definition>): void {
  const cutter = new models[definition.type as keyof typeof models](definition as never);
  model.fuse_unk = false; // it is done there
  model.encode = (pieces) => pieces.flatMap((piece) => cutter.encode(piece));
}

/**
 * Looks for added tokens in the text as it is, then for those that are kept in normalised form in what is between them,
 * normalised.
 */
function mendAddedTokens(inside: Inside): void {
  const asTheyAre = new Map<string, AddedToken>();
  const normalised = new Map<string, AddedToken>();
  for (const token of inside.added_tokens) {
    if (!token.normalized) asTheyAre.set(token.content, token);
    else normalised.set(normalForm(inside, token), token);
  }
  const Splitter = inside.splitter_normalized.constructor;
  const cutter = (spelled: ReadonlyMap<string, AddedToken>) => {
    const splitter = new Splitter([...spelled.keys()].filter((text) => text !== ''));
    return (text: string) => cutAtTokens(splitter.split(text), spelled);
  };
  const [cutAsItIs, cutNormalised] = [cutter(asTheyAre), cutter(normalised)];
  const { normalizer, pre_tokenizer, model } = inside;
  inside.encode_text = (whole) => {
    if (whole === null) return null;
    return cutAsItIs(whole).flatMap((section, i) => {
      if (section.token) return section.token.content;
      return cutNormalised(normalizer ? normalizer(section.text) : section.text).flatMap(
        ({ text, token }, j) => {
          if (token) return token.content;
          const section_index = i + j; // Metaspace may treat what begins the text otherwise
          return model(pre_tokenizer ? pre_tokenizer(text, { section_index }) : [text]);
        },
      );
    });
  };
}

/**
 * Added tokens that are looked for in normalised text are kept in that form. The library tells tokens apart by
 * their texts, which the reference does not: two of one text are refused.
 */
function normalForm(
  { normalizer, model }: Inside,
  { id, content }: Inside['added_tokens'][number],
): string {
  if (!normalizer) return content;
  const normal = normalizer(content);
  const other = model.tokens_to_ids.get(normal);
  model.vocab[id] = normal; // what the reference keeps of the token
  if (other === undefined || other === id) return normal;
  const text = JSON.stringify(content);
  throw new Error(
    `the added token ${text} is normalised to the text of token ${other}, which is not supported`,
  );
}
