import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pyramidLayers } from './pyramid-layers.js';

it('falls from layer to layer and never exceeds its budget', () => {
  const options = fc.record({
    window: fc.integer({ min: 1, max: 64 }),
    beta: fc.integer({ min: 1, max: 30 }),
    rule: fc.constantFrom('kvpress' as const, 'factory' as const),
  });
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 2, max: 4000 }).map((halves) => halves / 2),
    fc.nat(9000),
  );
  fc.assert(
    fc.property(options, sizes, (shape, [layers, slots, seen]) => {
      const perLayer = pyramidLayers(shape).slots(layers, slots, seen);
      expect(perLayer.length).toBe(layers);
      expect(perLayer.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(layers * slots);
      const wrong = perLayer.filter((own, layer) => {
        const falls = layer === 0 || own <= perLayer[layer - 1]!;
        // Where layers differ, none loses its protected window.
        const hasWindow = own === Math.floor(slots) || own >= Math.min(shape.window, seen);
        return !(Number.isInteger(own) && own >= 0 && falls && hasWindow);
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

it('computes the pyramid of a share from the unrounded number, as kvpress does', () => {
  // 97 tokens, half of them kept, w = 12: from 48.5 slots max = 97 − 12, min = 97 − max = 12, which fits;
  // from 48 slots min would be 11 < 12, and every layer would get the same.
  const layers = pyramidLayers({ window: 12 });
  expect(layers.slots(4, 48.5, 97)).toEqual([85, 61, 36, 12]);
  expect(layers.slots(2, 48.5, 97)).toEqual([85, 12]);
  expect(layers.slots(4, 48, 97)).toEqual([48, 48, 48, 48]);
});
