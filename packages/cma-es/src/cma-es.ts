import { InvalidArgumentError } from '@namm/core/portable';
import { BoundaryPenalty } from './boundary-penalty.js';
import { type Bounds, clip } from './bounds.js';
import type { Candidate, CandidateId, EvaluatedCandidate, Evaluation } from './candidate.js';
import { StoppedError } from './errors.js';
import { Generation } from './generation.js';
import { type HistoryRecord, spread } from './history.js';
import type { CovarianceModel } from './models/covariance-model.js';
import { createModel } from './models/create-model.js';
import { addScaled, dot, movePath, pathGain } from './models/vector-math.js';
import { NoiseHandler } from './noise.js';
import { fillNormals, type NormalSource } from './normals/fill-normals.js';
import {
  type CmaEsOptions,
  finiteNumbers,
  type ResolvedOptions,
  resolveOptions,
} from './options.js';
import { rank } from './ranking.js';
import { type Rates, ratesOf } from './rates/rates.js';
import { loadState } from './state/load-state.js';
import { saveState } from './state/save-state.js';
import type { StrategyState } from './state/strategy-state.js';
import { cumulativeRule, type StepSizeRule, squaredRule } from './step-size.js';
import { findStopReason, type StopReason } from './stop.js';

/** The rates of a model: LM-MA-ES brings a path of its own for the step size. */
function ratesFor({ model, rates, populationSize, mean }: ResolvedOptions): Rates {
  const n = mean.length;
  const table = ratesOf(rates, n, populationSize, model === 'sep' ? 'separable' : 'full');
  if (model !== 'lm-ma') return table;
  return { ...table, stepSizePath: Math.min(0.5, (2 * populationSize) / n) };
}

/**
 * CMA-ES as ask and tell: {@link ask} gives the candidates of a generation, {@link tell} takes their fitness
 * in any order, and with the last one the search distribution moves.
 *
 * Everything follows from the options, the seed and the fitness told: the same run gives the same bits,
 * also through {@link save} and {@link load} in the middle of a generation.
 *
 * @example
 * ```ts
 * const strategy = new CmaEs({ mean: [3, -2, 1], sigma: 1, seed: 7 });
 * while (!strategy.stopReason) {
 *   const results = strategy.ask().map(({ id, parameters }) => ({
 *     id,
 *     fitness: parameters.reduce((sum, x) => sum + x * x, 0),
 *   }));
 *   strategy.tell(results);
 * }
 * strategy.best?.fitness; // about 1e-12
 * ```
 */
export class CmaEs {
  readonly #options: ResolvedOptions;
  readonly #rates: Rates;
  readonly #rule: StepSizeRule;
  readonly #model: CovarianceModel;
  readonly #normals: NormalSource;
  readonly #noise: NoiseHandler | null;
  readonly #penalty: BoundaryPenalty | null;
  readonly #sign: 1 | -1;
  #initialDeviation: number;
  readonly #history: HistoryRecord[] = [];
  /** z and y of the generation under way; the same memory serves all generations. */
  readonly #buffers: { readonly normals: Float64Array[]; readonly steps: Float64Array[] };
  #mean: Float64Array;
  #sigma: number;
  #path: Float64Array;
  #generation = 0;
  #evaluations = 0;
  #flatGenerations = 0;
  #best: EvaluatedCandidate | null = null;
  #stopReason: StopReason | null = null;
  #current: Generation | null = null;
  /** Points that take the first places of the next generation. */
  #injected: Float64Array[] = [];

  /**
   * @throws {InvalidArgumentError} naming the option that cannot be used
   * @throws {WasmError} when there is no memory for the matrix
   */
  constructor(options: CmaEsOptions) {
    const resolved = resolveOptions(options);
    this.#options = resolved;
    const { mean, sigma, scales, bounds, noise, populationSize } = resolved;
    const n = mean.length;
    this.#rates = ratesFor(resolved);
    this.#rule =
      resolved.model === 'lm-ma'
        ? squaredRule(n)
        : cumulativeRule(resolved.rates, n, resolved.debiasedPath);
    this.#model = createModel(resolved, n, resolved.rates, resolved.covariance);
    this.#normals = options.normals ?? fillNormals;
    this.#noise = noise ? new NoiseHandler(noise, populationSize, n) : null;
    this.#penalty = bounds?.handling === 'penalty' ? new BoundaryPenalty(bounds) : null;
    this.#sign = resolved.goal === 'minimise' ? 1 : -1;
    this.#mean = mean.slice();
    this.#sigma = sigma;
    this.#path = new Float64Array(n);
    const vectors = () => Array.from({ length: populationSize }, () => new Float64Array(n));
    this.#buffers = { normals: vectors(), steps: vectors() };
    const deviations = this.#deviations();
    this.#initialDeviation = (deviations ?? scales.map((s) => s * sigma)).reduce((a, b) =>
      Math.max(a, b),
    );
  }

  /**
   * Continues a run from the bytes of {@link save}: what follows is the same, bit for bit.
   *
   * @param bytes from any machine
   * @param functions what bytes cannot hold: the `normals` of the options, if they were given
   * @throws {FileFormatError} for bytes that are cut off, damaged, or of something else
   */
  static load(bytes: Uint8Array, functions: Pick<CmaEsOptions, 'normals'> = {}): CmaEs {
    const state = loadState(bytes);
    const strategy = new CmaEs({ ...state.options, ...functions });
    strategy.#restore(state);
    return strategy;
  }

  get dimension(): number {
    return this.#mean.length;
  }

  /** λ. */
  get populationSize(): number {
    return this.#options.populationSize;
  }

  /** Generations told completely. */
  get generation(): number {
    return this.#generation;
  }

  /** Results told, failed ones included. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** σ, the step size. */
  get sigma(): number {
    return this.#sigma;
  }

  /** Centre of the search distribution: the best guess under noise. A copy. */
  get mean(): Float64Array {
    const { bounds } = this.#options;
    return bounds ? clip(this.#mean, bounds) : this.#mean.slice();
  }

  /** The candidate with the best fitness told so far; under noise, a lucky one. */
  get best(): EvaluatedCandidate | null {
    return this.#best && { ...this.#best, parameters: this.#best.parameters.slice() };
  }

  /** The result: the mean or the best candidate, as the option `answer` says. */
  get answer(): Float64Array {
    return (this.#options.answer === 'best' && this.best?.parameters) || this.mean;
  }

  /** Why the strategy stopped; null while it goes on. */
  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  /** One record per generation, as plain data. */
  get history(): readonly HistoryRecord[] {
    return this.#history;
  }

  /** How many evaluations to average per candidate: above 1 only with noise handling. */
  get effort(): number {
    return this.#noise?.effort ?? 1;
  }

  /** What was chosen where the options left a choice. */
  get options(): ResolvedOptions {
    return this.#options;
  }

  /** p_σ, a copy. */
  get stepSizePath(): Float64Array {
    return this.#path.slice();
  }

  /** p_c, a copy; null for models that have none. With pycma's separable rates it is in z's space. */
  get covariancePath(): Float64Array | null {
    return this.#model.path?.slice() ?? null;
  }

  /** C, n × n row-major, in units of sigma² and scales: O(n³) for all models but `full` by eigendecomposition. */
  covariance(): Float64Array {
    return this.#model.covariance();
  }

  /**
   * The candidates of this generation, those already told included. Asking again gives the same ones.
   *
   * @throws {StoppedError} after a stop
   */
  ask(): Candidate[] {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    const generation = this.#currentGeneration();
    return generation.ids(this.#options.run).map((id) => this.#candidate(generation, id));
  }

  /**
   * One candidate of this generation, made again from its id: what a worker needs that has the saved state.
   *
   * @throws {CandidateError} for ids of another run or generation, or of no candidate
   * @throws {StoppedError} after a stop
   */
  candidate(id: CandidateId): Candidate {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    const generation = this.#currentGeneration();
    generation.slotOf(id, this.#options.run);
    return this.#candidate(generation, id);
  }

  /** The candidates of this generation whose fitness was not told yet. */
  pending(): Candidate[] {
    if (this.#stopReason) return [];
    const generation = this.#currentGeneration();
    const ids = generation.ids(this.#options.run);
    return ids
      .filter((_, slot) => generation.told[slot] === 0)
      .map((id) => this.#candidate(generation, id));
  }

  /**
   * Takes results by id: any number of them, in any order, each once. A fitness that is not finite says that
   * the evaluation failed; failures rank worst. Equal ones share their weights. With the last
   * result of a generation the distribution moves. Either all results are taken or none.
   *
   * @returns whether the generation is complete
   * @throws {CandidateError} for ids of another run or generation, of no candidate, or told before
   * @throws {InvalidArgumentError} for a fitness that is no number
   * @throws {StoppedError} after a stop
   */
  tell(evaluations: readonly Evaluation[]): boolean {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    for (const { fitness } of evaluations) {
      if (typeof fitness === 'number') continue;
      throw new InvalidArgumentError(
        'fitness',
        `${String(fitness)} is no number; NaN says it failed`,
      );
    }
    const generation = this.#currentGeneration();
    generation.take(evaluations, generation.slotsOf(evaluations, this.#options.run));
    if (!generation.complete) return false;
    this.#advance(generation);
    return true;
  }

  /**
   * Puts points of the caller's own into the next generation that is asked for, in place of its first candidates.
   * They are evaluated as they are; the distribution learns from them as if they were at most as
   * far away as samples are (Hansen, "Injecting external solutions into CMA-ES", 2011).
   *
   * @throws {InvalidArgumentError} for wrong lengths, numbers that are not finite, or more points than λ
   */
  inject(points: readonly ArrayLike<number>[]): void {
    const copies = points.map((point) => finiteNumbers('points', point, this.dimension));
    if (this.#injected.length + copies.length > this.populationSize) {
      const places = `${this.populationSize} places in a generation`;
      throw new InvalidArgumentError('points', `more than the ${places}`);
    }
    this.#injected.push(...copies);
  }

  /**
   * The whole state as bytes, also between results of one generation: a safetensors file whose metadata hold the
   * options and a checksum.
   */
  save(): Uint8Array {
    const model = this.#model.save();
    return saveState({
      options: this.#options,
      mean: this.#mean,
      sigma: this.#sigma,
      path: this.#path,
      generation: this.#generation,
      evaluations: this.#evaluations,
      flatGenerations: this.#flatGenerations,
      effort: this.effort,
      initialDeviation: this.#initialDeviation,
      best: this.#best,
      stopReason: this.#stopReason,
      history: this.#history,
      model,
      fitness: this.#current?.fitness ?? null,
      told: this.#current?.told ?? null,
      injected: this.#injected,
      used: this.#current?.injected ?? [],
      penalty: this.#penalty?.save() ?? null,
    });
  }

  #restore(state: StrategyState): void {
    this.#model.load(state.model);
    this.#mean = state.mean;
    this.#sigma = state.sigma;
    this.#path = state.path;
    this.#generation = state.generation;
    this.#evaluations = state.evaluations;
    this.#flatGenerations = state.flatGenerations;
    this.#initialDeviation = state.initialDeviation;
    this.#best = state.best;
    this.#stopReason = state.stopReason;
    this.#history.push(...state.history);
    if (this.#noise) this.#noise.effort = state.effort;
    if (state.penalty) this.#penalty?.load(state.penalty);
    if (state.fitness && state.told) {
      this.#injected = [...state.used];
      this.#current = this.#sample();
      this.#current.fitness.set(state.fitness);
      this.#current.told.set(state.told);
    }
    this.#injected = [...state.injected];
  }

  #currentGeneration(): Generation {
    this.#current ??= this.#sample();
    return this.#current;
  }

  #candidate(generation: Generation, id: CandidateId): Candidate {
    const point = this.#point(generation, id.index);
    const { bounds } = this.#options;
    return { id, parameters: bounds ? clip(point, bounds) : point };
  }

  /** A candidate before any clipping. */
  #point(generation: Generation, index: number): Float64Array {
    return generation.injected[index]?.slice() ?? this.#pointOf(generation.steps[index]!);
  }

  /** x = m + σ s ∘ y. */
  #pointOf(step: Float64Array): Float64Array {
    const { scales } = this.#options;
    const point = new Float64Array(step.length);
    for (let i = 0; i < point.length; i++) {
      point[i] = this.#mean[i]! + this.#sigma * scales[i]! * step[i]!;
    }
    return point;
  }

  /** Draws the generation: z from its number and index, y = A z. */
  #sample(): Generation {
    const { seed, restart, bounds, firstGenerationShift } = this.#options;
    const n = this.dimension;
    const { normals, steps } = this.#buffers;
    for (const [index, normal] of normals.entries()) {
      this.#normals(normal, seed, [this.#generation, index, restart]);
    }
    this.#model.transform(normals, steps);
    if (firstGenerationShift > 0 && this.#generation === 0) {
      // The root of I + s 1 1ᵀ is I + κ 1 1ᵀ with κ = (√(1 + s n) − 1) / n.
      const factor = (Math.sqrt(1 + firstGenerationShift * n) - 1) / n;
      for (const [index, normal] of normals.entries()) {
        const sum = normal.reduce((total, value) => total + value, 0);
        const step = steps[index]!;
        for (let i = 0; i < n; i++) step[i] = step[i]! + factor * sum;
      }
    }
    const injected = this.#injected.splice(0);
    for (const [index, point] of injected.entries()) {
      this.#learn(point, normals[index]!, steps[index]!);
    }
    if (bounds?.handling === 'clip') this.#moveInside(normals, steps, bounds);
    const repeated = this.#noise?.chosen(normals.length, seed, this.#generation, restart) ?? [];
    return new Generation(this.#generation, { normals, steps, injected }, repeated);
  }

  /** Replaces what lies outside by the nearest point inside, which the distribution then learns from. */
  #moveInside(normals: readonly Float64Array[], steps: readonly Float64Array[], bounds: Bounds) {
    for (const [index, step] of steps.entries()) {
      const point = this.#pointOf(step);
      const inside = clip(point, bounds);
      if (point.some((value, i) => value !== inside[i])) {
        this.#toStep(inside, step);
        normals[index]!.set(this.#model.whiten(step));
      }
    }
  }

  /** y of a point. */
  #toStep(point: Float64Array, step: Float64Array): void {
    const { scales } = this.#options;
    for (let i = 0; i < step.length; i++) {
      step[i] = (point[i]! - this.#mean[i]!) / (this.#sigma * scales[i]!);
    }
  }

  /** Writes z and y of a point that was not drawn, shortened where it is farther away than samples are. */
  #learn(point: Float64Array, normal: Float64Array, step: Float64Array): void {
    const n = this.dimension;
    this.#toStep(point, step);
    normal.set(this.#model.whiten(step));
    const longest = Math.sqrt(n) + (2 * n) / (n + 2);
    const length = Math.sqrt(dot(normal, normal));
    if (length <= longest) return;
    for (const vector of [normal, step]) {
      for (let i = 0; i < n; i++) vector[i] = (vector[i]! * longest) / length;
    }
  }

  #deviations(): Float64Array | null {
    const { scales } = this.#options;
    const variances = this.#model.variances();
    if (!variances) return null;
    const deviations = new Float64Array(variances.length);
    for (let i = 0; i < deviations.length; i++) {
      deviations[i] = this.#sigma * scales[i]! * Math.sqrt(variances[i]!);
    }
    return deviations;
  }

  /** Costs of the candidates: lower is better, Infinity for failures; the mean of two evaluations. */
  #costs(generation: Generation): { costs: Float64Array; second: Map<number, number> } {
    const cost = (slot: number) => {
      const fitness = generation.fitness[slot]!;
      return Number.isFinite(fitness) ? this.#sign * fitness : Number.POSITIVE_INFINITY;
    };
    const costs = Float64Array.from(generation.normals, (_, slot) => cost(slot));
    const second = new Map(
      generation.repeated.map((index, place) => [index, cost(generation.size + place)]),
    );
    return { costs, second };
  }

  /** Moves the distribution after the last result of a generation. */
  #advance(generation: Generation): void {
    const { costs, second } = this.#costs(generation);
    this.#evaluations += generation.told.length;
    const averaged = costs.map((cost, index) => (cost + (second.get(index) ?? cost)) / 2);
    if (averaged.every((cost) => cost === Number.POSITIVE_INFINITY)) {
      this.#stopReason = 'allFailed';
      return;
    }
    this.#rememberBest(generation, averaged);
    const sigmaFactor = this.#noise?.treat(costs, second) ?? 1;
    const ranked = this.#withPenalty(generation, averaged);
    if (!this.#move(generation, ranked, sigmaFactor)) {
      this.#stopReason = 'overflow';
      return;
    }
    this.#record(averaged);
    this.#generation++;
    this.#current = null;
    this.#stopReason = findStopReason({
      options: this.#options.stop,
      sign: this.#sign,
      populationSize: this.populationSize,
      mean: this.#mean,
      sigma: this.#sigma,
      initialSigma: this.#options.sigma,
      initialDeviation: this.#initialDeviation,
      scales: this.#options.scales,
      model: this.#model,
      history: this.#history,
      best: this.#best!.fitness,
      flatGenerations: this.#flatGenerations,
    });
  }

  #withPenalty(generation: Generation, costs: Float64Array): Float64Array {
    if (!this.#penalty) return costs;
    const { scales } = this.#options;
    const variances = this.#model.variances();
    const penalties = this.#penalty.penalties({
      points: generation.normals.map((_, index) => this.#point(generation, index)),
      costs,
      mean: this.#mean,
      sigma: this.#sigma,
      variances: scales.map((scale, i) => scale * scale * (variances ? variances[i]! : 1)),
      effectiveParents: this.#rates.effectiveParents,
    });
    return costs.map((cost, index) => cost + penalties[index]!);
  }

  /** @returns false, with nothing changed, when the numbers leave their range */
  #move(generation: Generation, costs: Float64Array, sigmaFactor: number): boolean {
    const n = this.dimension;
    const { order, weights, meanWeights } = rank(costs, this.#rates.weights);
    const steps = order.map((index) => generation.steps[index]!);
    const normals = order.map((index) => generation.normals[index]!);
    const meanStep = new Float64Array(n);
    const meanNormal = new Float64Array(n);
    for (const [place, weight] of meanWeights.entries()) {
      if (weight === 0) continue;
      addScaled(meanStep, weight, steps[place]!);
      addScaled(meanNormal, weight, normals[place]!);
    }
    const mean = this.#pointOf(meanStep);
    const path = this.#path.slice();
    const { stepSizePath, effectiveParents } = this.#rates;
    movePath(path, stepSizePath, pathGain(stepSizePath, effectiveParents), meanNormal);
    const logFactor = this.#rule.logFactor(path, this.#rates, this.#generation);
    const sigma = this.#sigma * Math.exp(logFactor) * sigmaFactor;
    if (!(sigma > 0 && sigma < Number.POSITIVE_INFINITY) || !mean.every(Number.isFinite))
      return false;

    const pathMoves = this.#rule.pathMoves(path, this.#rates, this.#generation);
    const { negativeScale } = this.#rule;
    const learned = { steps, normals, weights, meanStep, meanNormal };
    this.#model.update({ ...learned, pathMoves, rates: this.#rates, negativeScale });
    this.#mean = mean;
    this.#sigma = sigma;
    this.#path = path;
    return true;
  }

  /** Before the distribution moves: candidates are made from it. */
  #rememberBest(generation: Generation, costs: Float64Array): void {
    let index = 0;
    for (const [other, cost] of costs.entries()) if (cost < costs[index]!) index = other;
    const fitness = this.#sign * costs[index]!;
    if (this.#best && costs[index]! >= this.#sign * this.#best.fitness) return;
    const id = { run: this.#options.run, generation: generation.number, index, repeat: 0 };
    this.#best = { ...this.#candidate(generation, id), fitness };
  }

  #record(costs: Float64Array): void {
    const sign = this.#sign;
    const sorted = costs.filter(Number.isFinite).sort();
    const middle = sorted.length >> 1;
    const median =
      sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    const mean = sorted.reduce((sum, cost) => sum + cost / sorted.length, 0);
    const better = Math.max(2, Math.ceil(0.7 * costs.length));
    const flat = sorted.length >= better && sorted[0] === sorted[better - 1];
    this.#flatGenerations = flat ? this.#flatGenerations + 1 : 0;

    const [smallestDeviation, meanDeviation, largestDeviation] = spread(this.#deviations());
    this.#history.push({
      generation: this.#generation,
      evaluations: this.#evaluations,
      sigma: this.#sigma,
      axisRatio: this.#model.axisRatio() ?? Number.NaN,
      best: sign * sorted[0]!,
      median: sign * median,
      mean: sign * mean,
      worst: sign * sorted[sorted.length - 1]!,
      failures: costs.length - sorted.length,
      smallestDeviation,
      meanDeviation,
      largestDeviation,
    });
  }
}
