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
    fc.integer({ min: 1, max: 2000 }),
    fc.nat(9000),
  );
  fc.assert(
    fc.property(options, sizes, (shape, [layers, slots, seen]) => {
      const perLayer = pyramidLayers(shape).slots(layers, slots, seen);
      expect(perLayer.length).toBe(layers);
      expect(perLayer.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(layers * slots);
      for (const [layer, own] of perLayer.entries()) {
        expect(Number.isInteger(own) && own >= 0).toBe(true);
        if (layer > 0) expect(own).toBeLessThanOrEqual(perLayer[layer - 1]!);
        // Where layers differ, none loses its protected window.
        if (own !== slots) expect(own).toBeGreaterThanOrEqual(Math.min(shape.window, seen));
      }
    }),
    { numRuns: 2000 },
  );
});
