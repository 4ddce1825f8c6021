import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StopSearch } from './stop-search.js';
import { TextStream } from './text-stream.js';

const letters = fc.constantFrom('a', 'b', '<', '>', ' ');
const text = (least: number, most: number) =>
  fc.array(letters, { minLength: least, maxLength: most }).map((all) => all.join(''));

it('ends before the first stop text, however it is cut into pieces and whatever is not shown', () => {
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
        const places = stop.map((one) => all.indexOf(one)).filter((place) => place >= 0);
        const end = Math.min(all.length, ...places);
        const isShown = pieces.flatMap(([piece, flag]) => [...piece].map(() => flag));
        const expected = [...all].filter((_, i) => i < end && isShown[i]).join('');
        expect(shown).toBe(expected);
        expect(search.isFound).toBe(places.length > 0);
      },
    ),
    { numRuns: 2000 },
  );
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
