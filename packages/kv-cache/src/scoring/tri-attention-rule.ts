import type { FloatArray } from '@namm/core';
import type { LayerShape } from '../contracts/cache-shape.js';
import type { QuerySumsRule } from './by-query-sums.js';
import { knownRotation, meanRotation, rotateRow } from './rotate-rows.js';

/** Settings of TriAttention, all resolved. */
export interface TriAttentionSettings {
  readonly recent: number;
  readonly farthest: number;
}

/** Scores of a head that vary less are all the same. */
const leastDeviation = 1e-6;

/** Sums of queries, and of the lengths of their pairs; see `triAttention`. */
export function triAttentionRule({ recent, farthest }: TriAttentionSettings): QuerySumsRule {
  return {
    name: 'tri-attention',
    width: (layer) => layer.headSize + pairsOf(layer),
    add: addQuery,
    skip: 0,
    score(all, view, layer, slots, scores) {
      const shape = view.shape.layers[layer]!;
      const { headSize: size } = shape;
      const group = shape.queryHeads / shape.keyValueHeads;
      const known = knownRotation(shape.rotation);
      const distances = Array.from(
        { length: Math.floor(Math.log2(farthest)) + 1 },
        (_, i) => 2 ** i,
      );
      // A query that comes δ tokens after now, which is where the next token will be.
      const ahead =
        known &&
        meanRotation(
          known,
          distances.map((one) => view.nextPosition + one),
        );
      const pairs = pairsOf(shape);
      const count = Math.max(1, all.count(layer));
      for (const [head, own] of scores.entries()) {
        const keys = view.keys(layer, head);
        const candidates = Math.max(0, own.length - Math.min(recent, slots[head]!));
        own.fill(candidates > 0 ? -Infinity : 0);
        for (let member = 0; member < group; member++) {
          const sums = all.of(layer, head * group + member);
          const centre = sums.slice(0, size).map((sum) => sum / count);
          const spread = Float64Array.from({ length: pairs }, (_, i) => {
            const length = Math.hypot(centre[i]!, centre[i + pairs]!);
            return (sums[size + i]! / count - length) * (known?.factor ?? 1);
          });
          if (ahead !== null) rotateRow(centre, 0, ahead);
          const raw = new Float64Array(candidates);
          for (let row = 0; row < candidates; row++) {
            const at = row * size;
            let score = 0;
            for (let d = 0; d < size; d++) score += centre[d]! * keys[at + d]!;
            for (let i = 0; i < pairs; i++) {
              score += spread[i]! * Math.hypot(keys[at + i]!, keys[at + i + pairs]!);
            }
            raw[row] = score;
          }
          takeLarger(own, raw);
        }
        own.fill(0, candidates);
      }
    },
  };
}

function pairsOf({ rotation }: LayerShape): number {
  return knownRotation(rotation)?.frequencies.length ?? 0;
}

function addQuery(sums: Float64Array, queries: FloatArray, at: number, layer: LayerShape): void {
  const { headSize: size } = layer;
  const pairs = pairsOf(layer);
  for (let d = 0; d < size; d++) sums[d]! += queries[at + d]!;
  for (let i = 0; i < pairs; i++) {
    sums[size + i]! += Math.hypot(queries[at + i]!, queries[at + i + pairs]!);
  }
}

/** Takes the normalised scores where they are larger. */
function takeLarger(target: Float64Array, scores: Float64Array): void {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const deviation = Math.max(leastDeviation, Math.sqrt(squares / scores.length));
  for (let row = 0; row < scores.length; row++) {
    target[row] = Math.max(target[row]!, (scores[row]! - mean) / deviation);
  }
}
