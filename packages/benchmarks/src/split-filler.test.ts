import { describe, expect, it } from 'vitest';
import { splitFiller } from './split-filler.js';

describe('splitFiller', () => {
  it('cuts prose after sentences, quotes included', () => {
    expect(splitFiller('He came. "Sit down!" she\nsaid. And so on', 'prose')).toEqual([
      ' He came.',
      ' "Sit down!" she said.',
      ' And so on',
    ]);
  });

  it('cuts long sentences at commas', () => {
    const clause = 'one two three four five six seven eight nine,';
    const pieces = splitFiller(`${clause} ${clause} ${clause} end.`, 'prose');
    expect(pieces).toEqual([` ${clause}`, ` ${clause}`, ` ${clause}`, ' end.']);
  });

  it('cuts code at line feeds and leaves empty and very long lines out', () => {
    expect(splitFiller(`def f():  \n\n    return 1\n${'x'.repeat(200)}`, 'code')).toEqual([
      '\ndef f():',
      '\n    return 1',
    ]);
  });
});
