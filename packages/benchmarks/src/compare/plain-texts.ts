import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describeNoText, InvalidArgumentError } from '@namm/core';
import { documentFiller, type Filler } from '../filler.js';

/** A file of plain text. */
export interface PlainText {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads files of plain text.
 *
 * @throws {InvalidArgumentError} for a file that cannot be read, or is not text
 */
export function readTexts(paths: readonly string[]): PlainText[] {
  return paths.map((path) => {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      const found = { ENOENT: 'does not exist', EISDIR: 'is a folder' }[code];
      throw new InvalidArgumentError('text', `${path} ${found ?? 'cannot be read'}`, { cause });
    }
    const problem = describeNoText(bytes);
    if (problem !== null) throw new InvalidArgumentError('text', `${path} ${problem}`);
    return { name: basename(path), text: new TextDecoder().decode(bytes) };
  });
}

/** So much of the texts together, an equal part of each, from its middle: whole libraries take minutes to encode. */
export function excerptsOf(texts: readonly PlainText[], characters: number): string[] {
  const part = Math.ceil(characters / texts.length);
  return texts.map(({ text }) => {
    const start = Math.max(0, Math.floor((text.length - part) / 2));
    return text.slice(start, start + part);
  });
}

/** The last fifth of each text, in which facts are hidden for questions. */
export function fillerOf(texts: readonly PlainText[]): Filler {
  return documentFiller(
    texts.map(({ name, text }, i) => ({
      ...{ name: `${i} ${name}`, kind: 'prose', split: 'test' },
      text: text.slice(Math.floor(0.8 * text.length)),
    })),
  );
}
