import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StopSearch } from './stop-search.js';
import { TextStream } from './text-stream.js';

const letters = fc.constantFrom('a', 'b', '<', '>', ' ');
const text = (least: number, most: number) =>
  fc.array(letters, { minLength: least, maxLength: most }).map((all) => all.join(''));

/** Where the stop text begins that is complete first, or the length. */
function firstByCharacters(all: string, stop: readonly string[]): number {
  for (let length = 1; length <= all.length; length++) {
    const ends = stop.filter((one) => all.slice(0, length).endsWith(one));
    if (ends.length > 0) return length - Math.max(...ends.map((one) => one.length));
  }
  return all.length;
}

it('ends before the stop text that is complete first, however it is cut into pieces and whatever is not shown', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text(0, 4), fc.boolean()), { maxLength: 12 }),
      fc.array(text(1, 5), { maxLength: 3 }),
      (pieces, stop) => {
        const search = new StopSearch(stop);
        let shown = '';
        for (const [piece, isShown] of pieces) shown += search.push(piece, isShown);
        shown += search.end();
        const all = pieces.map(([piece]) => piece).join('');
        const end = firstByCharacters(all, stop);
        const isShown = pieces.flatMap(([piece, flag]) => [...piece].map(() => flag));
        const expected = [...all].filter((_, i) => i < end && isShown[i]).join('');
        expect(shown).toBe(expected);
        expect(search.isFound).toBe(stop.some((one) => all.includes(one)));
      },
    ),
    { numRuns: 20_000 },
  );
});

it('does not wait for a longer stop text once a shorter one inside it is complete', () => {
  for (const pieces of [['a b<'], ['a', ' ', 'b', '<'], ['a b', '<']]) {
    const search = new StopSearch(['a b<', ' b']);
    expect(pieces.map((piece) => search.push(piece)).join('') + search.end()).toBe('a');
  }
});

it('has all text before a special token that ends the answer, also what might have been tidied up', () => {
  const words = ['Hello', ' there', ' is', " '", 's'];
  const stream = new TextStream({
    decode: (ids) => ids.map((id) => words[id]).join(''),
    isSilent: () => false,
    isByte: () => false,
    tidiesSpaces: true,
  });
  const search = new StopSearch(['<end>']);
  let shown = search.push(stream.push(0)) + search.push(stream.push(1));
  expect(shown).not.toContain('there'); // may yet be joined to what follows
  shown += search.push(stream.settle()) + search.push('<end>', false);
  expect([shown, search.isFound]).toEqual(['Hello there', true]);
  expect(stream.settle()).toBe('');
  expect(stream.push(2) + stream.end()).toBe(' is');
});
