import { InvalidArgumentError } from '@namm/core';
import type { HeadBias } from './checkpoint/checkpoint.js';

/**
 * The head bias that a NAMM should have on another model: each head gets the bias of the old model's heads that look
 * things up as much as it does. Biases are interpolated over the logarithm of the echo with isotonic regression (the
 * closest non-decreasing function), because a head that looks things up more must not keep less.
 *
 * @param bias of the old model
 * @param old its echoes, per layer and KV head, by `EchoCollector`
 * @param other echoes of the other model
 * @throws {InvalidArgumentError} when the echoes do not match the heads of the bias, or are not all above 0
 * @example
 * ```ts
 * transferHeadBias(bias, [[0.01, 0.7]], [[0.6, 0.02, 0.01]]); // layers 1, heads 3
 * ```
 */
export function transferHeadBias(
  bias: HeadBias,
  old: readonly (readonly number[])[],
  other: readonly (readonly number[])[],
): HeadBias {
  const isPositive = (echo: number) => echo > 0 && echo <= 1;
  if (![old, other].every((echoes) => echoes.flat().every(isPositive))) {
    throw new InvalidArgumentError('echoes', 'are not all above 0 and at most 1');
  }
  if (old.length !== bias.layers || Math.max(...old.map((heads) => heads.length)) !== bias.heads) {
    const problem = `there are ${old.length} layers of echoes for ${bias.layers} of ${bias.heads}`;
    throw new InvalidArgumentError('old', problem);
  }
  const points = old
    .flatMap((heads, layer) =>
      heads.map((echo, head) => ({
        at: Math.log(echo),
        value: bias.values[layer * bias.heads + head]!,
      })),
    )
    .sort((a, b) => a.at - b.at);
  const curve = isotonic(points);
  const heads = Math.max(...other.map((echoes) => echoes.length));
  const values = new Float32Array(other.length * heads);
  for (const [layer, echoes] of other.entries()) {
    for (const [head, echo] of echoes.entries()) {
      values[layer * heads + head] = interpolate(curve, Math.log(echo));
    }
  }
  return { layers: other.length, heads, values };
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** Pool adjacent violators: the non-falling values nearest to the given ones, in squares. */
function isotonic(points: readonly Point[]): Point[] {
  const pools: { sum: number; members: Point[] }[] = [];
  for (const point of points) {
    let pool = { sum: point.value, members: [point] };
    for (let last = pools.at(-1); last && meanOf(last) >= meanOf(pool); last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, members: [...last.members, ...pool.members] };
    }
    pools.push(pool);
  }
  return pools.flatMap((pool) => pool.members.map(({ at }) => ({ at, value: meanOf(pool) })));
}

function meanOf({ sum, members }: { readonly sum: number; readonly members: readonly Point[] }) {
  return sum / members.length;
}

function interpolate(curve: readonly Point[], at: number): number {
  const after = curve.findIndex((point) => point.at >= at);
  if (after === 0) return curve[0]!.value;
  if (after < 0) return curve.at(-1)!.value;
  const [low, high] = [curve[after - 1]!, curve[after]!];
  const share = (at - low.at) / (high.at - low.at);
  return low.value + share * (high.value - low.value);
}
