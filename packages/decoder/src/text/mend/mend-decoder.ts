import { byteLevelBytes } from '../byte-level.js';
import { tidySpaces } from '../tidy-spaces.js';
import type { Definition, Part } from './parts.js';

/** The decoders of Metaspace, of bytes and of byte-level tokens. */
export function mendDecoder(part: Part | null, definition: Definition): void {
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
  } else if (type === 'WordPiece') {
    const prefix = String(definition.prefix ?? '##');
    part.decode_chain = (tokens) =>
      tokens.map((token, i) => {
        const isPart = i > 0 && prefix !== '' && token.startsWith(prefix);
        const text = isPart ? token.replace(prefix, '') : i > 0 ? ` ${token}` : token;
        return definition.cleanup === false ? text : cleaned(text);
      });
  } else if (type === 'CTC') {
    part.decode_chain = (tokens) => decodeCtc(tokens, definition);
  } else if (type === 'ByteFallback') {
    part.decode_chain = decodeBytes;
  } else if (type === 'ByteLevel') {
    part.decode_chain = (tokens) => [decodeByteLevel(tokens)];
  }
}

/** As in the reference, which knows one contraction more than transformers. */
function cleaned(text: string): string {
  return tidySpaces(text.replaceAll(' do not', " don't"));
}

/** Tokens of alignments in time: repeated ones are one. */
function decodeCtc(tokens: readonly string[], definition: NonNullable<Definition>): string[] {
  return tokens
    .filter((token, i) => token !== tokens[i - 1])
    .map((token) => {
      const text = token.replaceAll(String(definition.pad_token), '');
      if (definition.cleanup === false) return text;
      return cleaned(text).replaceAll(String(definition.word_delimiter_token), ' ');
    });
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
