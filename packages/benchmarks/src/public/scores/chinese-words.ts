import { createRequire } from 'node:module';
import type { Jieba } from '@node-rs/jieba';

interface Segmenter {
  readonly jieba: Jieba;
  /** Words of the dictionary with Latin letters, digits and signs alone, such as `C++`. */
  readonly latinWords: ReadonlySet<string>;
}

let segmenter: Segmenter | null = null;

/** What Python's jieba looks up in its dictionary; its port takes Chinese characters of later Unicode blocks, too. */
const lookedUp = /([\u4e00-\u9fd5a-zA-Z0-9+#&._%-]+)/;
/** The rest falls apart into characters, but for this line break. */
const character = /\r\n|./gsu;
/** What the port cuts otherwise: runs of Latin letters, digits and the signs between them. */
const latin = /^[A-Za-z0-9+#&._%-]+$/;
const latinPiece = /([A-Za-z0-9]+(?:\.[0-9]+)?%?)/;

/**
 * Words of a Chinese text, cut as `jieba.cut` of Python's jieba 0.42.1 does. Its dictionary is loaded at the first call.
 *
 * @example
 * ```ts
 * chineseWords('北京是中国的首都'); // ['北京', '是', '中国', '的', '首都']
 * ```
 */
export function chineseWords(text: string): string[] {
  segmenter ??= loadSegmenter();
  const { jieba, latinWords } = segmenter;
  const words: string[] = [];
  for (const [i, part] of text.split(lookedUp).entries()) {
    if (i % 2 === 0) {
      words.push(...(part.match(character) ?? []));
      continue;
    }
    let run = '';
    const flush = () => {
      words.push(...run.split(latinPiece).filter((piece) => piece !== ''));
      run = '';
    };
    for (const word of jieba.cut(part, true)) {
      if (latin.test(word) && !latinWords.has(word)) run += word;
      else {
        flush();
        words.push(word);
      }
    }
    flush();
  }
  return words;
}

/** Loaded when it is needed, because the dictionary takes a quarter of a second and 50 MB. */
function loadSegmenter(): Segmenter {
  const require = createRequire(import.meta.url);
  const library = require('@node-rs/jieba') as typeof import('@node-rs/jieba');
  const { dict } = require('@node-rs/jieba/dict.js') as { dict: Uint8Array };
  const found = Buffer.from(dict)
    .toString('latin1')
    .matchAll(/^([!-~]{2,}) \d/gm);
  return {
    jieba: library.Jieba.withDict(dict),
    latinWords: new Set(Array.from(found, ([, word]) => word!)),
  };
}
