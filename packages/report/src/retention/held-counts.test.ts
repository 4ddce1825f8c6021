import fc from 'fast-check';
import { expect, it } from 'vitest';
import { heldCounts } from './held-counts.js';

it('counts what a look at every token counts', () => {
  const story = fc.record({
    fresh: fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
    heads: fc.integer({ min: 1, max: 3 }),
    lives: fc.infiniteStream(fc.nat(7)),
  });
  fc.assert(
    fc.property(story, ({ fresh, heads, lives }) => {
      const seen = fresh.map((_, u) => fresh.slice(0, u + 1).reduce((a, b) => a + b));
      const tokens = seen.at(-1)!;
      const evictedAt = Uint16Array.from({ length: heads * tokens }, (_, i) => {
        const arrival = seen.findIndex((count) => count > i % tokens);
        return Math.min(fresh.length, arrival + lives.next().value!);
      });
      const expected = seen.flatMap((count, update) =>
        Array.from({ length: heads }, (_, head) => {
          const own = evictedAt.subarray(head * tokens, head * tokens + count);
          return own.filter((evicted) => evicted > update).length;
        }),
      );
      expect([...heldCounts(evictedAt, seen, heads)]).toEqual(expected);
    }),
  );
});
