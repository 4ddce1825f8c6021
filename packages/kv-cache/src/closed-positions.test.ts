import { expect, it } from 'vitest';
import { closedPositions } from './closed-positions.js';
import type { CacheView } from './contracts/eviction-policy.js';

/** A view of layers of one head each: its window, and the positions that it holds. */
function viewOf(nextPosition: number, layers: readonly [window: number | null, held: number[]][]) {
  const shape = {
    model: 'toy',
    layers: layers.map(([window]) => ({ queryHeads: 1, keyValueHeads: 1, headSize: 2, window })),
  };
  const positions = (layer: number) => Int32Array.from(layers[layer]![1]);
  return { nextPosition, shape, positions } as unknown as CacheView;
}

it('closes the gaps that no layer holds', () => {
  const view = viewOf(6, [
    [null, [0, 4]],
    [null, [2, 4]],
  ]);
  expect([...closedPositions(view)]).toEqual([0, 1, 1, 2, 2, 3, 3]);
});

it('changes no distance within the largest window, whichever layer has it', () => {
  const held: [number | null, number[]][] = [
    [6, [9]],
    [null, [0, 9]],
    [2, [9]],
  ];
  const expected = [0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7];
  expect([...closedPositions(viewOf(10, held))]).toEqual(expected);
  expect([...closedPositions(viewOf(10, held.toReversed()))]).toEqual(expected);
});

it('does not count what is outside of its window', () => {
  expect([...closedPositions(viewOf(6, [[2, [0, 3, 5]]]))]).toEqual([0, 0, 0, 0, 0, 1, 2]);
});
