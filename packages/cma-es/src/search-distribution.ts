import { type Bounds, clip } from './bounds.js';
import type { CovarianceModel, ModelState } from './models/covariance-model.js';
import { createModel } from './models/create-model.js';
import { addScaled, allFinite, dot, movePath, pathGain } from './models/vector-math.js';
import type { ResolvedOptions } from './options.js';
import { afterGeneration, type SuccessState } from './population-success.js';
import { rank } from './ranking.js';
import { type Rates, ratesOf } from './rates/rates.js';
import type { Sample } from './sample.js';
import { cumulativeRule, type StepSizeRule, squaredRule } from './step-size.js';

/**
 * The rates of a model. LM-MA-ES brings a path of its own for the step size; its two axes are as many numbers as a
 * diagonal is, and learn with the rates of pycma's.
 */
function ratesFor({ model, rates, populationSize, mean }: ResolvedOptions): Rates {
  const n = mean.length;
  if (model !== 'lm-ma') {
    return ratesOf(rates, n, populationSize, model === 'sep' ? 'separable' : 'full');
  }
  const table = ratesOf('pycma', n, populationSize, 'separable');
  return { ...table, stepSizePath: Math.min(0.5, (2 * populationSize) / n) };
}

/** What a distribution is at a moment, except what follows from the options. */
export interface DistributionState {
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly path: Float64Array;
  readonly model: ModelState;
  /** Of the population success rule; null where the path p_σ moves the step size. */
  readonly success: SuccessState | null;
}

/** x = m + σ s ∘ A z: how candidates come from normal numbers, and how their ranking moves m, σ and A. */
export class SearchDistribution {
  readonly model: CovarianceModel;
  readonly rates: Rates;
  readonly #scales: Float64Array;
  /** Least deviations of the coordinates, and the memory of the factors that keep to them. */
  readonly #least: { readonly deviations: Float64Array; readonly scales: Float64Array } | null;
  readonly #rule: StepSizeRule;
  #mean: Float64Array;
  #sigma: number;
  #path: Float64Array;
  #success: SuccessState | null;
  /** Memory that serves all generations: nothing of the size of the mean is made anew for each. */
  readonly #scratch: {
    readonly meanStep: Float64Array;
    readonly meanNormal: Float64Array;
    readonly deviations: Float64Array;
    /** Change places with those in use. */
    mean: Float64Array;
    path: Float64Array;
  };

  /**
   * @throws {InvalidArgumentError} where the model cannot be what the options ask for
   * @throws {WasmError} when there is no memory for the matrix
   */
  constructor(options: ResolvedOptions) {
    const n = options.mean.length;
    this.rates = ratesFor(options);
    this.#rule =
      options.model === 'lm-ma'
        ? squaredRule(n)
        : cumulativeRule(options.rates, n, options.debiasedPath);
    const { rates, covariance, bounds } = options;
    this.model = createModel(options, n, rates, covariance, bounds?.handling === 'clip');
    this.#scales = options.scales;
    const { minimumDeviation } = options;
    this.#least = minimumDeviation && {
      deviations: minimumDeviation,
      scales: new Float64Array(n),
    };
    this.#mean = options.mean.slice();
    this.#sigma = options.sigma;
    this.#path = new Float64Array(n);
    this.#success = options.stepSize === 'success' ? { previous: null, smoothed: 0 } : null;
    const vector = () => new Float64Array(n);
    this.#scratch = {
      ...{ meanStep: vector(), meanNormal: vector(), deviations: vector() },
      ...{ mean: vector(), path: vector() },
    };
    this.#keepMoving();
  }

  /** m. */
  get mean(): Float64Array {
    return this.#mean;
  }

  /** σ. */
  get sigma(): number {
    return this.#sigma;
  }

  /** p_σ. */
  get path(): Float64Array {
    return this.#path;
  }

  /** Factors of the coordinates: those of the options, raised where a deviation would be below its least. */
  get scales(): Float64Array {
    return this.#least?.scales ?? this.#scales;
  }

  /** Standard deviations of the coordinates until the next call; null where the model does not know them. */
  deviations(): Float64Array | null {
    return this.#deviationsUnder(this.scales);
  }

  /** Largest deviation that was learned, whatever the least ones are; null where the model does not know. */
  largestLearned(): number | null {
    const deviations = this.#deviationsUnder(this.#scales);
    return deviations?.reduce((largest, value) => Math.max(largest, value), 0) ?? null;
  }

  #deviationsUnder(scales: Float64Array): Float64Array | null {
    const deviations = this.model.variances(this.#scratch.deviations);
    if (!deviations) return null;
    for (let i = 0; i < deviations.length; i++) {
      deviations[i] = this.#sigma * scales[i]! * Math.sqrt(deviations[i]!);
    }
    return deviations;
  }

  /**
   * Raises factors to the least deviations, as the CMA-ES with margin does (Hamano, Saito, Nomura and Shirakawa,
   * "CMA-ES with margin", GECCO 2022): A and the paths stay what they are, so that nothing of what was learned is lost.
   */
  #keepMoving(): void {
    if (!this.#least) return;
    const { deviations, scales } = this.#least;
    const learned = this.#deviationsUnder(this.#scales);
    if (!learned) return;
    for (let i = 0; i < scales.length; i++) {
      const raise = Math.max(1, deviations[i]! / learned[i]!);
      scales[i] = this.#scales[i]! * (Number.isFinite(raise) ? raise : 1);
    }
  }

  /**
   * x = m + σ s ∘ y.
   *
   * @param target where to write it, new memory if left out
   */
  pointOf(step: Float64Array, target: Float64Array = new Float64Array(step.length)): Float64Array {
    const { scales } = this;
    for (let i = 0; i < target.length; i++) {
      target[i] = this.#mean[i]! + this.#sigma * scales[i]! * step[i]!;
    }
    return target;
  }

  /** y of a point. */
  #toStep(point: Float64Array, step: Float64Array): void {
    const { scales } = this;
    for (let i = 0; i < step.length; i++) {
      step[i] = (point[i]! - this.#mean[i]!) / (this.#sigma * scales[i]!);
    }
  }

  /** Writes z and y of a point that was not drawn, shortened where it is farther away than samples are. */
  place(point: Float64Array, normal: Float64Array, step: Float64Array): void {
    const n = point.length;
    this.#toStep(point, step);
    normal.set(this.model.whiten(step));
    const longest = Math.sqrt(n) + (2 * n) / (n + 2);
    const length = Math.sqrt(dot(normal, normal));
    if (length <= longest) return;
    for (const vector of [normal, step]) {
      for (let i = 0; i < n; i++) vector[i] = (vector[i]! * longest) / length;
    }
  }

  /** Replaces what lies outside by the nearest point inside, which the distribution then learns from. */
  moveInside(sample: Sample, bounds: Bounds): void {
    for (const [index, normal] of sample.normals.entries()) {
      const step = sample.step(index);
      const point = this.pointOf(step);
      const inside = clip(point, bounds);
      if (point.some((value, i) => value !== inside[i])) {
        this.#toStep(inside, step);
        normal.set(this.model.whiten(step));
      }
    }
  }

  /**
   * Moves after a generation.
   *
   * @param costs what candidates are ranked by: lower is better
   * @param generation counts from 0
   * @param sigmaFactor multiplies σ besides
   * @returns false, with nothing changed, when the numbers leave their range
   */
  move(sample: Sample, costs: Float64Array, generation: number, sigmaFactor: number): boolean {
    const { order, weights, meanWeights, sharing } = rank(costs, this.rates.weights);
    // A mean of more candidates moves less: counted as one of few, a plateau would look like too large a step size.
    const rates = { ...this.rates, effectiveParents: this.rates.effectiveParents * sharing };
    const normals = order.map((index) => sample.normals[index]!);
    const step = (place: number) => sample.step(order[place]!);
    const { meanStep, meanNormal, path } = this.#scratch;
    meanStep.fill(0);
    meanNormal.fill(0);
    for (const [place, weight] of meanWeights.entries()) {
      if (weight === 0) continue;
      addScaled(meanStep, weight, step(place));
      addScaled(meanNormal, weight, normals[place]!);
    }
    const mean = this.pointOf(meanStep, this.#scratch.mean);
    path.set(this.#path);
    const { stepSizePath, effectiveParents } = rates;
    movePath(path, stepSizePath, pathGain(stepSizePath, effectiveParents), meanNormal);
    const success = this.#success && afterGeneration(this.#success, costs);
    const logFactor = success?.logFactor ?? this.#rule.logFactor(path, rates, generation);
    const sigma = this.#sigma * Math.exp(logFactor) * sigmaFactor;
    if (!(sigma > 0 && sigma < Number.POSITIVE_INFINITY) || !allFinite(mean)) return false;

    const pathMoves = this.#rule.pathMoves(path, rates, generation);
    const { negativeScale } = this.#rule;
    const learned = { step, normals, weights, meanStep, meanNormal };
    this.model.update({ ...learned, pathMoves, rates, negativeScale });
    this.#scratch.mean = this.#mean;
    this.#scratch.path = this.#path;
    this.#mean = mean;
    this.#sigma = sigma;
    this.#path = path;
    this.#success = success;
    this.#keepMoving();
    return true;
  }

  save(): DistributionState {
    return {
      mean: this.#mean,
      sigma: this.#sigma,
      path: this.#path,
      model: this.model.save(),
      success: this.#success,
    };
  }

  /** Takes over a state that {@link save} gave for the same options, and keeps its arrays. */
  load({ mean, sigma, path, model, success }: DistributionState): void {
    this.model.load(model);
    this.#mean = mean;
    this.#sigma = sigma;
    this.#path = path;
    if (this.#success && success) this.#success = success;
    this.#keepMoving();
  }
}
