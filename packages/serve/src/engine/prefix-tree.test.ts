import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTree } from './prefix-tree.js';

const sequence = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 7 });
const startsWith = (ids: number[], start: number[]) => start.every((id, i) => ids[i] === id);

describe('PrefixTree', () => {
  it('finds what a list of sequences finds', () => {
    const change = fc.tuple(sequence, fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.array(sequence), (changes, queries) => {
        const tree = new PrefixTree<string>();
        const list = new Map<string, number[]>();
        for (const [ids, isAdded] of changes) {
          const name = ids.join();
          if (isAdded) {
            tree.insert(ids, name);
            list.set(name, ids);
          } else {
            tree.remove(ids, name);
            list.delete(name);
          }
        }
        expect(tree.size).toBeLessThanOrEqual(2 * list.size);
        for (const query of queries) {
          const found = [...list.values()]
            .filter((ids) => startsWith(query, ids) && ids.length !== 3)
            .sort((a, b) => b.length - a.length)[0];
          const expected = found ? { entry: found.join(), length: found.length } : null;
          expect(tree.find(query, (_, length) => length !== 3)).toEqual(expected);
          const common = Math.max(
            0,
            ...[...list.values()].map((ids) => {
              const differs = query.findIndex((id, i) => ids[i] !== id);
              return differs < 0 ? query.length : differs;
            }),
          );
          expect(tree.commonLength(query)).toBe(common);
        }
      }),
    );
  });
});
