import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenLog } from './token-log.js';

const id = fc.integer({ min: 0, max: 2 });

it('holds what was appended, and finds common beginnings', () => {
  fc.assert(
    fc.property(fc.array(fc.array(id)), fc.array(id), (pieces, prompt) => {
      const log = new TokenLog();
      for (const piece of pieces) log.append(piece);
      const all = pieces.flat();
      expect([...log.ids]).toEqual(all);
      expect(log.length).toBe(all.length);
      const parting = all.findIndex((one, i) => one !== prompt[i]);
      expect(log.commonWith(prompt)).toBe(parting < 0 ? all.length : parting);
      const ends = (length: number) =>
        prompt.slice(0, length).every((one, i) => one === all.at(i - length));
      const lengths = Array.from({ length: Math.min(all.length, prompt.length) + 1 }, (_, i) => i);
      expect(log.overlapWith(prompt)).toBe(lengths.findLast(ends));
      const runs = lengths.flatMap((start) =>
        lengths
          .filter(
            (end) =>
              end >= start && all.slice(start, end).every((one, i) => one === prompt[start + i]),
          )
          .map((end) => end - start),
      );
      expect(log.longestRunWith(prompt)).toBe(Math.max(...runs));
      const copy = log.copy();
      copy.append([1]);
      expect(log.length).toBe(all.length);
      expect(log.bytes).toBeLessThanOrEqual(Math.ceil(all.length * 1.25) * 4);
    }),
  );
});
