import type { CovarianceUpdate, ModelState } from './covariance-model.js';
import { addScaled, dot, movePath, pathGain } from './vector-math.js';

/** An axis: a unit vector, and the logarithm of its length. Zero, both, before the first generation. */
interface Axis {
  direction: Float64Array;
  log: number;
  /** 1 for one that is longer than all others, −1 for one that is shorter. */
  readonly sign: 1 | -1;
  /** The logarithm that an axis counts as having at least when it turns: at 0 its direction has no meaning. */
  readonly least: number;
}

/** In one generation an axis turns by at most this much, and the logarithm of its length moves by as much. */
const mostChange = 0.5;

/** An axis is at most 10⁷ times as long or as short as the others: the usual limit of a condition of 10¹⁴. */
const mostLog = Math.log(1e7);

function normalise(vector: Float64Array): void {
  const length = Math.sqrt(dot(vector, vector));
  if (length === 0) return;
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length;
}

/**
 * F = I + (e^a − 1) v vᵀ + (e^b − 1) w wᵀ with orthogonal v and w, a ≥ 0 ≥ b: one axis that is longer than the
 * others, one that is shorter, O(n) per candidate.
 *
 * Both follow the natural gradient of the covariance F Fᵀ, restricted to what such a matrix can be, as VD-CMA does
 * for one long axis (Akimoto, Auger and Hansen, "Comparison-based natural gradient optimization in high dimension",
 * 2014); the short one needs negative weights (Jastrebski and Arnold, "Improving evolution strategies through active
 * covariance matrix adaptation", 2006). In z's space the gradient of the covariance is
 *
 *   G = c_1 (z̄ p'ᵀ + p' z̄ᵀ) + c_μ Σ w_i z_i z_iᵀ,  Σ w_i = 0,
 *
 * with z̄ the mean step scaled as in the path and p' the path before it: the terms of p pᵀ between different
 * generations, which alone tell progress from chance. An axis v then changes by a ← a + vᵀG v / 2 and
 * v ← v + (uᵀG v) u / (2 sinh(a − a_u)) for each u orthogonal to v whose logarithm is a_u.
 */
export class AxisPair {
  readonly #path: Float64Array;
  readonly #long: Axis;
  readonly #short: Axis;

  constructor(dimension: number) {
    const zeros = () => new Float64Array(dimension);
    this.#path = zeros();
    this.#long = { direction: zeros(), log: 0, sign: 1, least: 1 };
    this.#short = { direction: zeros(), log: 0, sign: -1, least: 0.5 };
  }

  /** The longer axis: what else learns directions leaves this one out. */
  get long(): Float64Array {
    return this.#long.direction;
  }

  /** step ← F normal */
  transform(normal: Float64Array, step: Float64Array): void {
    this.#scale(normal, step, 1);
  }

  /** step ← F⁻¹ normal */
  whiten(normal: Float64Array, step: Float64Array): void {
    this.#scale(normal, step, -1);
  }

  #scale(from: Float64Array, to: Float64Array, power: 1 | -1): void {
    const [v, w] = [this.#long.direction, this.#short.direction];
    const a = Math.expm1(power * this.#long.log) * dot(v, from);
    const b = Math.expm1(power * this.#short.log) * dot(w, from);
    for (let i = 0; i < to.length; i++) to[i] = from[i]! + a * v[i]! + b * w[i]!;
  }

  update(update: CovarianceUpdate): void {
    const { normals, meanNormal, rates } = update;
    const c = rates.covariancePath;
    const gain = pathGain(c, rates.effectiveParents);
    const started = this.#path.some((value) => value !== 0);
    if (started) {
      const long = this.#turned(this.#long, update, gain);
      const short = this.#turned(this.#short, update, gain);
      Object.assign(this.#long, long);
      Object.assign(this.#short, short);
    } else {
      this.#long.direction.set(meanNormal);
      this.#short.direction.set(normals[normals.length - 1]!);
    }
    movePath(this.#path, c, gain, meanNormal);
    this.#separate();
  }

  /** The axis after a generation, not yet of length 1. */
  #turned(axis: Axis, { normals, weights, meanNormal, rates }: CovarianceUpdate, gain: number) {
    const { direction, sign } = axis;
    const other = axis === this.#long ? this.#short : this.#long;
    const { rankOne, rankMu, covariancePath } = rates;
    const gradient = new Float64Array(direction.length); // G v
    const scale = rankOne * (1 - covariancePath) * gain;
    addScaled(gradient, scale * dot(direction, this.#path), meanNormal);
    addScaled(gradient, scale * dot(direction, meanNormal), this.#path);
    // Weights whose sum is 0: then G is 0 where all candidates are the same, and on average where nothing is selected.
    const excess = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    for (const [rank, normal] of normals.entries()) {
      const weight = rankMu * (weights[rank]! - excess);
      addScaled(gradient, weight * dot(direction, normal), normal);
    }
    const along = dot(direction, gradient);
    const across = dot(other.direction, gradient);
    const effective = ({ log, sign, least }: Axis) => sign * Math.max(Math.abs(log), least);
    addScaled(gradient, -along, direction);
    addScaled(gradient, -across, other.direction);
    const turn = 1 / (2 * Math.sinh(effective(axis)));
    const angle = Math.abs(turn) * Math.sqrt(dot(gradient, gradient));
    const next = direction.slice();
    addScaled(next, turn * Math.min(1, mostChange / angle), gradient);
    addScaled(next, across / (2 * Math.sinh(effective(axis) - effective(other))), other.direction);
    const log = axis.log + Math.max(-mostChange, Math.min(mostChange, along / 2));
    return { direction: next, log: sign * Math.max(0, Math.min(mostLog, sign * log)) };
  }

  /** Makes the directions orthogonal again: the weaker one gives way. */
  #separate(): void {
    const pair = [this.#long, this.#short];
    if (Math.abs(this.#short.log) > this.#long.log) pair.reverse();
    const [strong, weak] = pair as [Axis, Axis];
    normalise(strong.direction);
    addScaled(weak.direction, -dot(weak.direction, strong.direction), strong.direction);
    normalise(weak.direction);
  }

  save(): ModelState {
    return {
      axesPath: this.#path,
      longAxis: this.#long.direction,
      shortAxis: this.#short.direction,
      axes: Float64Array.of(this.#long.log, this.#short.log),
    };
  }

  load({ axesPath, longAxis, shortAxis, axes }: ModelState): void {
    this.#path.set(axesPath!);
    this.#long.direction.set(longAxis!);
    this.#short.direction.set(shortAxis!);
    this.#long.log = axes![0]!;
    this.#short.log = axes![1]!;
  }
}
