import { Random } from '@namm/core';
import type { KeyRotation } from '../contracts/cache-shape.js';
import type { CacheView } from '../contracts/eviction-policy.js';
import type { LayerTokens } from './run-pass.js';

type Vector = readonly number[];
type Matrix = readonly Vector[];

const dot = (a: Vector, b: Vector) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const mean = (numbers: Vector) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const times = (matrix: Matrix, v: Vector) => matrix.map((row) => dot(row, v));
const transposed = (matrix: Matrix) => matrix[0]!.map((_, i) => matrix.map((row) => row[i]!));
const product = (a: Matrix, b: Matrix) => a.map((row) => times(transposed(b), row));
const norm = (v: Vector) => Math.sqrt(dot(v, v));

/** The rotation at a position as a whole matrix. */
function rotationAt(rotation: KeyRotation | null, size: number, position: number): Matrix {
  const pairs = rotation?.frequencies.length ?? 0;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      if (i >= 2 * pairs || j >= 2 * pairs) return i === j ? 1 : 0;
      if (i % pairs !== j % pairs) return 0;
      const { frequencies, factor } = rotation!;
      const angle = Math.fround(position * frequencies[i % pairs]!);
      if (i === j) return factor * Math.cos(angle);
      return factor * (i < j ? -Math.sin(angle) : Math.sin(angle));
    }),
  );
}

function meanMatrix(matrices: readonly Matrix[]): Matrix {
  return matrices[0]!.map((row, i) => row.map((_, j) => mean(matrices.map((m) => m[i]![j]!))));
}

/** What a slow twin is asked about: one head of a layer with the tokens that it holds before the choice. */
export interface SlowHead {
  readonly view: CacheView;
  readonly tokens: LayerTokens;
  readonly layer: number;
  readonly head: number;
  /** Tokens seen, those of the pass included. */
  readonly seen: number;
  /** Ascending; each at the position of its number. */
  readonly held: readonly number[];
}

function rowsOf({ view, tokens, layer, head }: SlowHead) {
  const { headSize, queryHeads, keyValueHeads, rotation } = view.shape.layers[layer]!;
  const group = queryHeads / keyValueHeads;
  const row = (all: Float32Array, token: number): Vector =>
    Array.from(all.subarray(token * headSize, (token + 1) * headSize));
  return {
    headSize,
    rotation: typeof rotation === 'object' ? rotation : null,
    key: (token: number) => row(tokens.keys[head]!, token),
    value: (token: number) => row(tokens.keys[head]!, token).map((number) => -number),
    members: Array.from(
      { length: group },
      (_, member) => (token: number) =>
        row(tokens.queries[head * group + member]!, token).map((x) =>
          Math.fround(x / Math.sqrt(headSize)),
        ),
    ),
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

function softmax(logits: Vector): Vector {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** Expected Attention, per held token. */
export function slowExpectedAttention(
  at: SlowHead,
  { future, sinks, epsilon }: { future: number; sinks: number; epsilon: number },
): number[] {
  const { headSize, rotation, key, value, members } = rowsOf(at);
  const ahead = meanMatrix(
    range(0, future).map((i) => rotationAt(rotation, headSize, at.seen + i)),
  );
  const judged = at.held.filter((token) => token >= sinks);
  const perMember = members.map((query) => {
    const queries = range(sinks, at.seen).map(query);
    const centre = range(0, headSize).map((d) =>
      queries.length > 0 ? mean(queries.map((q) => q[d]!)) : 0,
    );
    const covariance = range(0, headSize).map((i) =>
      range(0, headSize).map((j) =>
        queries.length > 0
          ? mean(queries.map((q) => (q[i]! - centre[i]!) * (q[j]! - centre[j]!)))
          : 0,
      ),
    );
    const spread = product(product(ahead, covariance), transposed(ahead));
    return softmax(
      judged.map((token) => {
        const k = key(token);
        return dot(times(ahead, centre), k) + dot(times(spread, k), k) / 2;
      }),
    );
  });
  return at.held.map((token) => {
    if (token < sinks) return Infinity;
    const given = mean(perMember.map((own) => own[judged.indexOf(token)]!));
    return (given + epsilon) * norm(value(token));
  });
}

/** TriAttention with its series written out, per held token. */
export function slowTriAttention(
  at: SlowHead,
  { recent, farthest, slots }: { recent: number; farthest: number; slots: number },
): number[] {
  const { headSize, rotation, key, members } = rowsOf(at);
  const pairs = rotation?.frequencies.length ?? 0;
  const candidates = at.held.slice(0, at.held.length - Math.min(recent, slots));
  const distances: number[] = [];
  for (let distance = 1; distance <= farthest; distance *= 2) distances.push(distance);
  const perMember = members.map((query) => {
    const queries = range(0, at.seen).map(query);
    const raw = candidates.map((token) => {
      // The key as it was before its rotation.
      const back = transposed(rotationAt(rotation, headSize, token)).map((row) =>
        row.map((x, j) => (j < 2 * pairs ? x / rotation!.factor ** 2 : x)),
      );
      const k = times(back, key(token));
      let score = 0;
      for (const d of range(2 * pairs, headSize)) score += mean(queries.map((q) => q[d]!)) * k[d]!;
      for (const f of range(0, pairs)) {
        const [re, im] = [mean(queries.map((q) => q[f]!)), mean(queries.map((q) => q[f + pairs]!))];
        const length = Math.hypot(re, im);
        const lengths = mean(queries.map((q) => Math.hypot(q[f]!, q[f + pairs]!)));
        const size = Math.hypot(k[f]!, k[f + pairs]!);
        const angle = Math.atan2(im, re) - Math.atan2(k[f + pairs]!, k[f]!);
        const wave = (distance: number) =>
          Math.cos(rotation!.frequencies[f]! * (at.seen + distance - token) + angle);
        const series = length * size * mean(distances.map(wave));
        score += rotation!.factor ** 2 * (series + (lengths - length) * size);
      }
      return score;
    });
    const middle = mean(raw);
    const deviation = Math.max(1e-6, Math.sqrt(mean(raw.map((x) => (x - middle) ** 2))));
    return raw.map((x) => (x - middle) / deviation);
  });
  return at.held.map((_, i) =>
    i < candidates.length ? Math.max(...perMember.map((own) => own[i]!)) : Infinity,
  );
}

/** Attention times value of the judged tokens of one head, pooled: what Compactor remembers, read in one pass. */
function slowChunkAttention(
  at: SlowHead,
  { sinks, recent, chunk }: { sinks: number; recent: number; chunk: number },
): number[] {
  const { headSize, rotation, key, value, members } = rowsOf(at);
  const judged = range(sinks, at.seen - recent);
  const received = judged.map((token) => {
    const start = sinks + Math.floor((token - sinks) / chunk) * chunk;
    const others = range(start, Math.min(start + chunk, at.seen - recent));
    const perMember = members.map((query) =>
      others
        .map((other) => {
          const q = times(rotationAt(rotation, headSize, other), query(other));
          return softmax(others.map((one) => dot(q, key(one))))[others.indexOf(token)]!;
        })
        .reduce((a, b) => a + b, 0),
    );
    return mean(perMember) * norm(value(token));
  });
  return received.map((own, i) => ((received[i - 1] ?? 0) + own + (received[i + 1] ?? 0)) / 3);
}

/** The leverage of the judged tokens of one head, by Gauss-Jordan elimination. */
function slowLeverage(
  at: SlowHead,
  { sinks, recent, sketch, seed }: { sinks: number; recent: number; sketch: number; seed: number },
): number[] {
  const { headSize, rotation, key } = rowsOf(at);
  const random = new Random(seed);
  const directions = range(0, headSize).map(() =>
    range(0, sketch).map(() => random.normal() / Math.sqrt(sketch)),
  );
  const plain = range(sinks, at.seen - recent).map((token) => {
    const back = transposed(rotationAt(rotation, headSize, token));
    return times(back, key(token)).map((x, d) =>
      d < 2 * (rotation?.frequencies.length ?? 0) ? x / rotation!.factor ** 2 : x,
    );
  });
  const middle = range(0, headSize).map((d) => mean(plain.map((row) => row[d]!)));
  const x = product(
    plain.map((row) => row.map((value, d) => value - middle[d]!)),
    directions,
  );
  const gram = product(transposed(x), x).map((row, i) =>
    row.map((value, j) => value + (i === j ? 0.01 : 0)),
  );
  const inverse = inverseOf(gram);
  return x.map((row) => dot(times(inverse, row), row));
}

function inverseOf(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...range(0, size).map((j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < size; i++) {
    const pivot = rows[i]![i]!;
    rows[i] = rows[i]!.map((value) => value / pivot);
    for (let other = 0; other < size; other++) {
      if (other === i) continue;
      const factor = rows[other]![i]!;
      rows[other] = rows[other]!.map((value, j) => value - factor * rows[i]![j]!);
    }
  }
  return rows.map((row) => row.slice(size));
}

/** Compactor's scores of all heads of a layer that has been read in one pass, per token. */
export function slowCompactor(
  heads: readonly SlowHead[],
  settings: {
    sinks: number;
    recent: number;
    chunk: number;
    sketch: number;
    seed: number;
    blending: number;
  },
): number[][] {
  const z = (all: readonly number[][]) => {
    const flat = all.flat();
    const middle = mean(flat);
    const variance = flat.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (flat.length - 1);
    return all.map((own) => own.map((x) => (x - middle) / Math.max(1e-6, Math.sqrt(variance))));
  };
  const attention = z(heads.map((at) => slowChunkAttention(at, settings)));
  const leverage = z(heads.map((at) => slowLeverage(at, settings)));
  return heads.map(({ held, seen }, h) =>
    held.map((token) => {
      const i = token - settings.sinks;
      if (i < 0 || token >= seen - settings.recent) return Infinity;
      return settings.blending * leverage[h]![i]! + attention[h]![i]!;
    }),
  );
}
