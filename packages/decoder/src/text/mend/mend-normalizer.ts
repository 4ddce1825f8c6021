import type { Definition, NormalizerPart } from './parts.js';
import { precompiled } from './precompiled.js';

/** The reference lowers every character by itself: a final sigma is no other than one within a word. */
const lowered = (text: string) => Array.from(text, (character) => character.toLowerCase()).join('');

/** Ideographs, as the reference has them: one block begins 256 characters later than it does in Unicode. */
const ideograph =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function bertNormalised(text: string, definition: NonNullable<Definition>): string {
  let normal = text;
  if (definition.clean_text) {
    normal = normal.replace(/(?![\t\n\r])[\p{C}\ufffd]/gu, '').replace(/\p{White_Space}/gu, ' ');
  }
  if (definition.handle_chinese_chars) normal = normal.replace(ideograph, ' $& ');
  if (definition.strip_accents ?? definition.lowercase) {
    normal = normal.normalize('NFD').replace(/\p{Mn}/gu, '');
  }
  return definition.lowercase ? lowered(normal) : normal;
}

/** Which characters are spaces, and how letters are lowered. */
export function mendNormalizer(part: NormalizerPart | null, definition: Definition): void {
  if (!part || !definition) return;
  const { type } = definition;
  if (type === 'Sequence') {
    const definitions = (definition.normalizers ?? []) as Definition[];
    for (const [i, inner] of (part.normalizers ?? []).entries())
      mendNormalizer(inner, definitions[i]);
  } else if (type === 'Strip') {
    const { strip_left, strip_right } = definition;
    part.normalize = (text) => {
      const rest = strip_left ? text.replace(/^\p{White_Space}+/u, '') : text;
      return strip_right ? rest.replace(/\p{White_Space}+$/u, '') : rest;
    };
  } else if (type === 'Lowercase') {
    part.normalize = lowered;
  } else if (type === 'BertNormalizer') {
    part.normalize = (text) => bertNormalised(text, definition);
  } else if (type === 'Precompiled') {
    const { precompiled_charsmap: charsmap } = definition;
    part.normalize = charsmap ? precompiled(String(charsmap)) : (text) => text;
  } else if (type === 'Prepend') {
    const { normalize } = part;
    part.normalize = (text) => (text === '' ? text : normalize.call(part, text));
  }
}
