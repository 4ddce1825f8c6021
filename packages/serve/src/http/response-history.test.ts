import { expect, it } from 'vitest';
import { ResponseHistory } from './response-route.js';

const said = (length: number) => [{ role: 'user', content: 'x'.repeat(length) }];
const known = (history: ResponseHistory, ids: readonly string[]) =>
  ids.filter((id) => {
    try {
      return history.get(id).length > 0;
    } catch {
      return false;
    }
  });

it('forgets the responses added longest ago beyond a number, and beyond a length of all together', () => {
  const few = new ResponseHistory(2);
  for (const id of ['a', 'b', 'c']) few.set(id, said(10));
  expect(known(few, ['a', 'b', 'c'])).toEqual(['b', 'c']);

  const short = new ResponseHistory(100, 1000);
  for (const id of ['a', 'b', 'c', 'd']) short.set(id, said(400));
  expect(known(short, ['a', 'b', 'c', 'd'])).toEqual(['c', 'd']);
  short.set('long', said(5000)); // a server that answers it must be able to go on from it
  expect(known(short, ['c', 'd', 'long'])).toEqual(['long']);
  short.set('e', said(400));
  expect(known(short, ['long', 'e'])).toEqual(['e']);
});
