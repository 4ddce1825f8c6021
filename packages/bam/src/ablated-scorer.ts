import { checkBatch, type Scorer } from './scorer.js';

/** A scorer with parts removed by its settings: some features, or the sight of other tokens. */
export function ablated(scorer: Scorer): Scorer {
  const { settings } = scorer;
  const isAlone = settings.kind === 'bam' && settings.attention === false;
  return {
    settings,
    score(features, lengths) {
      checkBatch(features, lengths, settings.features);
      const seen = settings.visible
        ? masked(features, settings.features, settings.visible)
        : features;
      // With one head per token, each token can only attend to itself.
      const heads = isAlone
        ? new Array<number>(features.length / settings.features).fill(1)
        : lengths;
      return scorer.score(seen, heads);
    },
  };
}

function masked(
  features: Float32Array,
  size: number,
  [from, to]: readonly [number, number],
): Float32Array {
  const result = new Float32Array(features.length);
  for (let row = 0; row < features.length; row += size) {
    result.set(features.subarray(row + from, row + to), row + from);
  }
  return result;
}
