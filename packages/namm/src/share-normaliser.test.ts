import { parameterCount, publishedBam } from '@namm/bam';
import { bins, SpectrumStatistics } from '@namm/features';
import { expect, it } from 'vitest';
import { publishedFeatures } from './checkpoint/checkpoint.js';
import { shareNormaliser } from './share-normaliser.js';

it('gives what measuring all heads together would have given', () => {
  const statistics = new SpectrumStatistics({ layers: 2, heads: 2 });
  for (let layer = 0; layer < 2; layer++) {
    for (let head = 0; head < 2; head++) {
      // Heads of different means, and of different numbers of tokens.
      const tokens = 5 + 3 * layer + head;
      const spectrum = Float64Array.from({ length: bins * tokens }, (_, i) =>
        Math.abs(Math.sin(7 * i + layer) + layer + 2 * head),
      );
      statistics.add(spectrum, { layer, head });
    }
  }
  const checkpoint = {
    scorer: publishedBam,
    parameters: new Float32Array(parameterCount(publishedBam)),
    normaliser: statistics.normaliser('per-head'),
    features: publishedFeatures,
    policy: { updateInterval: 64, semantics: 'exact' as const },
    provenance: {},
  };
  const { shape, mean, variance, count } = shareNormaliser(checkpoint).normaliser;
  const wanted = statistics.normaliser('shared');
  expect(shape).toEqual([bins]);
  expect([...count]).toEqual([...wanted.count]);
  for (let bin = 0; bin < bins; bin++) {
    // Through float32, in which the checkpoint holds them.
    expect(mean[bin]! / wanted.mean[bin]!).toBeCloseTo(1, 5);
    expect(variance[bin]! / wanted.variance[bin]!).toBeCloseTo(1, 5);
  }
  const shared = { ...checkpoint, normaliser: wanted };
  expect(shareNormaliser(shared)).toBe(shared);
});
