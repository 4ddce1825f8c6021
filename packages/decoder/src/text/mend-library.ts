import { byteLevelBytes } from './byte-level.js';

const spaces = /\p{White_Space}/gu;
const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const wordsAndSigns = new RegExp(`[${word}]+|[^${word}\\p{White_Space}]+`, 'gu');

/** What stands inside the library, as far as it is mended here. */
interface Part {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly decoders?: readonly Part[];
  readonly tokenizers?: readonly Part[];
  readonly pattern?: RegExp | null;
  pre_tokenize_text?: (text: string, options?: { readonly section_index?: number }) => string[];
  decode_chain?: (tokens: readonly string[]) => string[];
}

interface Splitter {
  split(text: string): string[];
}

interface Inside {
  readonly pre_tokenizer: Part | null;
  readonly decoder: Part | null;
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly normalized: boolean;
    readonly single_word: boolean;
  }[];
  splitter_unnormalized: Splitter;
  splitter_normalized: Splitter;
  readonly normalizer: NormalizerPart | null;
  readonly model: {
    readonly tokens_to_ids: ReadonlyMap<string, number>;
    readonly vocab: string[];
    encode(pieces: readonly string[]): string[];
  };
}

interface NormalizerPart {
  (text: string): string;
  readonly normalizers?: readonly NormalizerPart[];
  normalize(text: string): string;
}

type Definition = Readonly<Record<string, unknown>> | null | undefined;

/**
 * Makes parts of the library do what the reference (tokenizers 0.23, in Rust) does, where it does something
 * else: how splits treat what they match, which characters are digits, punctuation and spaces, added tokens that
 * must stand alone, and the decoders of Metaspace, bytes and byte-level tokens.
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
  normaliseAdded(inside);
  const model = json.model as Definition;
  if (model?.type === 'Unigram' && model.byte_fallback === true) spellInBytes(inside.model);
  const alone = inside.added_tokens.filter((token) => token.single_word);
  if (alone.length === 0) return;
  const { normalizer } = inside;
  const contents = alone.flatMap(({ content }) => [
    content,
    normalizer ? normalizer(content) : content,
  ]);
  inside.splitter_unnormalized = standingAlone(inside.splitter_unnormalized, new Set(contents));
  inside.splitter_normalized = standingAlone(inside.splitter_normalized, new Set(contents));
}

/** Unigram spells pieces without an id in bytes, when all of the bytes have one; the library does so for BPE alone. */
function spellInBytes(model: Inside['model']): void {
  const encode = model.encode.bind(model);
  model.encode = (pieces) =>
    encode(pieces).flatMap((token) => {
      if (model.tokens_to_ids.has(token)) return [token];
      const bytes = Array.from(
        new TextEncoder().encode(token),
        (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
      );
      return bytes.every((byte) => model.tokens_to_ids.has(byte)) ? bytes : [token];
    });
}

const wordEnd = new RegExp(`[${word}]$`, 'u');
const wordStart = new RegExp(`^[${word}]`, 'u');

/** Leaves tokens that must stand alone in the text around them where they are parts of words. */
function standingAlone(splitter: Splitter, contents: ReadonlySet<string>): Splitter {
  return {
    split(text) {
      const sections: string[] = [];
      let isOpen = false; // whether the last section takes in what follows
      let offset = 0;
      for (const section of splitter.split(text)) {
        const [before, after] = [text.slice(0, offset), text.slice(offset + section.length)];
        const isToken = contents.has(section);
        const isPart = isToken && (wordEnd.test(before) || wordStart.test(after));
        const wasText = sections.length > 0 && !contents.has(sections.at(-1)!);
        if (isPart && wasText) sections[sections.length - 1] += section;
        else if (isOpen && !isToken) sections[sections.length - 1] += section;
        else sections.push(section);
        isOpen = isPart || (isOpen && !isToken);
        offset += section.length;
      }
      return sections;
    },
  };
}

type Behavior = 'removed' | 'isolated' | 'mergedwithprevious' | 'mergedwithnext' | 'contiguous';

/** Cuts a text at what a pattern matches, and does with that what the behaviour says. */
function splitBy(text: string, pattern: RegExp, behavior: Behavior, invert = false): string[] {
  const pieces: { text: string; isMatch: boolean }[] = [];
  const push = (piece: string, isMatch: boolean) => {
    if (piece !== '') pieces.push({ text: piece, isMatch: isMatch !== invert });
  };
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    push(text.slice(end, match.index), false);
    push(match[0], true);
    end = match.index + match[0].length;
  }
  push(text.slice(end), false);
  switch (behavior) {
    case 'removed':
      return pieces.filter(({ isMatch }) => !isMatch).map((piece) => piece.text);
    case 'isolated':
      return pieces.map((piece) => piece.text);
    case 'contiguous':
      return joined(pieces, (piece, last) => piece.isMatch === last.isMatch);
    case 'mergedwithprevious':
      return joined(pieces, (piece, last) => piece.isMatch && !last.isMatch);
    case 'mergedwithnext': {
      const backwards = joined(
        pieces.reverse(),
        (piece, last) => piece.isMatch && !last.isMatch,
        true,
      );
      return backwards.reverse();
    }
  }
}

interface Piece {
  readonly text: string;
  readonly isMatch: boolean;
}

/** Joins pieces to the one before where that is wanted. */
function joined(
  pieces: readonly Piece[],
  isJoined: (piece: Piece, last: Piece) => boolean,
  isBackwards = false,
): string[] {
  const texts: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    const last = pieces[i - 1];
    if (!last || !isJoined(piece, last)) texts.push(piece.text);
    else texts.push(isBackwards ? piece.text + texts.pop()! : texts.pop()! + piece.text);
  }
  return texts;
}

const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;

function mendPreTokenizer(part: Part | null, definition: Definition): void {
  if (!part || !definition) return;
  const { type } = definition;
  const behavior = String(definition.behavior ?? 'Isolated').toLowerCase() as Behavior;
  if (type === 'Sequence') {
    const definitions = (definition.pretokenizers ?? []) as Definition[];
    for (const [i, inner] of (part.tokenizers ?? []).entries())
      mendPreTokenizer(inner, definitions[i]);
  } else if (type === 'Split' && part.pattern) {
    const { pattern } = part;
    part.pre_tokenize_text = (text) => splitBy(text, pattern, behavior, definition.invert === true);
  } else if (type === 'Punctuation') {
    part.pre_tokenize_text = (text) => splitBy(text, punctuation, behavior);
  } else if (type === 'Digits') {
    const each = definition.individual_digits === true ? 'isolated' : 'contiguous';
    part.pre_tokenize_text = (text) => splitBy(text, /\p{N}/gu, each);
  } else if (type === 'Whitespace') {
    part.pre_tokenize_text = (text) => text.match(wordsAndSigns) ?? [];
  } else if (type === 'BertPreTokenizer') {
    part.pre_tokenize_text = (text) =>
      splitBy(text, spaces, 'removed').flatMap((word) => splitBy(word, punctuation, 'isolated'));
  } else if (type === 'WhitespaceSplit') {
    part.pre_tokenize_text = (text) => splitBy(text, spaces, 'removed');
  } else if (type === 'Metaspace' && definition.split !== false && part.pre_tokenize_text) {
    const whole = part.pre_tokenize_text.bind(part);
    const pattern = new RegExp(escaped(String(definition.replacement ?? '\u2581')), 'gu');
    part.pre_tokenize_text = (text, options) =>
      whole(text, options).flatMap((one) => splitBy(one, pattern, 'mergedwithnext'));
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function mendNormalizer(part: NormalizerPart | null, definition: Definition): void {
  if (!part || !definition) return;
  if (definition.type === 'Sequence') {
    const definitions = (definition.normalizers ?? []) as Definition[];
    for (const [i, inner] of (part.normalizers ?? []).entries())
      mendNormalizer(inner, definitions[i]);
  } else if (definition.type === 'Strip') {
    const { strip_left, strip_right } = definition;
    part.normalize = (text) => {
      const rest = strip_left ? text.replace(/^\p{White_Space}+/u, '') : text;
      return strip_right ? rest.replace(/\p{White_Space}+$/u, '') : rest;
    };
  }
}

/**
 * Added tokens that are looked for in normalised text are kept in that form. The library tells tokens apart by
 * their texts, which the reference does not: two of one text are refused.
 */
function normaliseAdded({ added_tokens, normalizer, model }: Inside): void {
  for (const { id, content, normalized } of added_tokens) {
    if (!normalized || !normalizer) continue;
    const normal = normalizer(content);
    const other = model.tokens_to_ids.get(normal);
    model.vocab[id] = normal; // what the reference keeps of the token
    if (other === undefined || other === id) continue;
    const text = JSON.stringify(content);
    throw new Error(
      `the added token ${text} is normalised to the text of token ${other}, which is not supported`,
    );
  }
}

function mendDecoder(part: Part | null, definition: Definition): void {
  if (!part || !definition) return;
  const { type } = definition;
  if (type === 'Sequence') {
    const definitions = (definition.decoders ?? []) as Definition[];
    for (const [i, inner] of (part.decoders ?? []).entries()) mendDecoder(inner, definitions[i]);
  } else if (type === 'Metaspace') {
    const replacement = String(definition.replacement ?? '\u2581');
    const strips = definition.prepend_scheme !== 'never';
    part.decode_chain = (tokens) =>
      tokens.map((token, i) => token.replaceAll(replacement, strips && i === 0 ? '' : ' '));
  } else if (type === 'ByteFallback') {
    part.decode_chain = decodeBytes;
  } else if (type === 'ByteLevel') {
    part.decode_chain = (tokens) => [decodeByteLevel(tokens)];
  }
}

/** Bytes that make no whole text give one replacement character each. */
function decodeBytes(tokens: readonly string[]): string[] {
  const decoded: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      decoded.push(strict.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) decoded.push('\ufffd');
    }
    bytes = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([\da-fA-F]{2})>$/.exec(token)?.[1];
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else {
      flush();
      decoded.push(token);
    }
  }
  flush();
  return decoded;
}

function decodeByteLevel(tokens: readonly string[]): string {
  const bytes = tokens.flatMap((token) => [...byteLevelBytes(token)]);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}
