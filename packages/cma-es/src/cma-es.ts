import { InvalidArgumentError } from '@namm/core/portable';
import { BoundaryPenalty } from './boundary-penalty.js';
import { clip } from './bounds.js';
import type {
  AskOptions,
  Candidate,
  CandidateId,
  EvaluatedCandidate,
  Evaluation,
} from './candidate.js';
import { StoppedError } from './errors.js';
import { Generation } from './generation.js';
import { type HistoryRecord, recordOf } from './history.js';
import { NoiseHandler } from './noise.js';
import { fillNormals, type NormalSource } from './normals/fill-normals.js';
import {
  type CmaEsOptions,
  finiteNumbers,
  type ResolvedOptions,
  resolveOptions,
} from './options.js';
import { Sample } from './sample.js';
import { SearchDistribution } from './search-distribution.js';
import { loadState } from './state/load-state.js';
import { saveState } from './state/save-state.js';
import type { StrategyState } from './state/strategy-state.js';
import { findStopReason, type StopReason } from './stop.js';

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
  readonly #distribution: SearchDistribution;
  readonly #normals: NormalSource;
  readonly #noise: NoiseHandler | null;
  readonly #penalty: BoundaryPenalty | null;
  readonly #sign: 1 | -1;
  #initialDeviation: number;
  readonly #history: HistoryRecord[] = [];
  readonly #sample: Sample;
  /** Memory of the candidates that are handed out with `reuse`. */
  #reused: Float64Array[] = [];
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
    const { sigma, scales, bounds, noise, populationSize } = resolved;
    const n = resolved.mean.length;
    this.#distribution = new SearchDistribution(resolved);
    this.#normals = options.normals ?? fillNormals;
    this.#noise = noise ? new NoiseHandler(noise, populationSize, n) : null;
    this.#penalty = bounds?.handling === 'penalty' ? new BoundaryPenalty(bounds) : null;
    this.#sign = resolved.goal === 'minimise' ? 1 : -1;
    const { model } = this.#distribution;
    this.#sample = new Sample(model, populationSize, n, resolved.firstGenerationShift > 0);
    const deviations = this.#distribution.deviations();
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
    return this.#distribution.mean.length;
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
    return this.#distribution.sigma;
  }

  /** Centre of the search distribution: the best guess under noise. A copy. */
  get mean(): Float64Array {
    const { bounds } = this.#options;
    const { mean } = this.#distribution;
    return bounds ? clip(mean, bounds) : mean.slice();
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
    return this.#distribution.path.slice();
  }

  /** p_c, a copy; null for models that have none. With pycma's separable rates it is in z's space. */
  get covariancePath(): Float64Array | null {
    return this.#distribution.model.path?.slice() ?? null;
  }

  /** C, n × n row-major, in units of sigma² and scales: O(n³) for all models but `full` by eigendecomposition. */
  covariance(): Float64Array {
    return this.#distribution.model.covariance();
  }

  /**
   * The candidates of this generation, those already told included. Asking again gives the same ones.
   *
   * @param options whether the parameters are the caller's to keep
   * @throws {StoppedError} after a stop
   */
  ask({ reuse = false }: AskOptions = {}): Candidate[] {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    const generation = this.#currentGeneration();
    const target = (index: number) => {
      this.#reused[index] ??= new Float64Array(this.dimension);
      return this.#reused[index];
    };
    return generation
      .ids(this.#options.run)
      .map((id) => this.#candidate(generation, id, reuse ? target(id.index) : undefined));
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
    return saveState({
      ...this.#distribution.save(),
      options: this.#options,
      generation: this.#generation,
      evaluations: this.#evaluations,
      flatGenerations: this.#flatGenerations,
      effort: this.effort,
      initialDeviation: this.#initialDeviation,
      best: this.#best,
      stopReason: this.#stopReason,
      history: this.#history,
      fitness: this.#current?.fitness ?? null,
      told: this.#current?.told ?? null,
      injected: this.#injected,
      used: this.#current?.injected ?? [],
      penalty: this.#penalty?.save() ?? null,
    });
  }

  #restore(state: StrategyState): void {
    this.#distribution.load(state);
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
      this.#current = this.#draw();
      this.#current.fitness.set(state.fitness);
      this.#current.told.set(state.told);
    }
    this.#injected = [...state.injected];
  }

  #currentGeneration(): Generation {
    this.#current ??= this.#draw();
    return this.#current;
  }

  #candidate(generation: Generation, id: CandidateId, target?: Float64Array): Candidate {
    const point = this.#point(generation, id.index, target);
    const { bounds } = this.#options;
    return { id, parameters: bounds ? clip(point, bounds, point) : point };
  }

  /** A candidate before any clipping. */
  #point(
    { sample, injected }: Generation,
    index: number,
    target: Float64Array = new Float64Array(this.dimension),
  ): Float64Array {
    const point = injected[index];
    if (!point) return this.#distribution.pointOf(sample.step(index), target);
    target.set(point);
    return target;
  }

  /** Draws the generation: z from its number and index, y = A z. */
  #draw(): Generation {
    const { seed, restart, bounds, firstGenerationShift } = this.#options;
    const n = this.dimension;
    const sample = this.#sample;
    const { normals } = sample;
    for (const [index, normal] of normals.entries()) {
      this.#normals(normal, seed, [this.#generation, index, restart]);
    }
    sample.transform();
    if (firstGenerationShift > 0 && this.#generation === 0) {
      // The root of I + s 1 1ᵀ is I + κ 1 1ᵀ with κ = (√(1 + s n) − 1) / n.
      const factor = (Math.sqrt(1 + firstGenerationShift * n) - 1) / n;
      for (const [index, normal] of normals.entries()) {
        const sum = normal.reduce((total, value) => total + value, 0);
        const step = sample.step(index);
        for (let i = 0; i < n; i++) step[i] = step[i]! + factor * sum;
      }
    }
    const injected = this.#injected.splice(0);
    for (const [index, point] of injected.entries()) {
      this.#distribution.place(point, normals[index]!, sample.step(index));
    }
    if (bounds?.handling === 'clip') this.#distribution.moveInside(sample, bounds);
    const repeated = this.#noise?.chosen(normals.length, seed, this.#generation, restart) ?? [];
    return new Generation(this.#generation, { sample, injected, repeated });
  }

  /** Costs of the candidates: lower is better, Infinity for failures; the mean of two evaluations. */
  #costs(generation: Generation): { costs: Float64Array; second: Map<number, number> } {
    const cost = (slot: number) => {
      const fitness = generation.fitness[slot]!;
      return Number.isFinite(fitness) ? this.#sign * fitness : Number.POSITIVE_INFINITY;
    };
    const costs = Float64Array.from(generation.sample.normals, (_, slot) => cost(slot));
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
    if (!this.#distribution.move(generation.sample, ranked, this.#generation, sigmaFactor)) {
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
      mean: this.#distribution.mean,
      sigma: this.sigma,
      initialSigma: this.#options.sigma,
      initialDeviation: this.#initialDeviation,
      scales: this.#options.scales,
      model: this.#distribution.model,
      history: this.#history,
      best: this.#best!.fitness,
      flatGenerations: this.#flatGenerations,
    });
  }

  #withPenalty(generation: Generation, costs: Float64Array): Float64Array {
    if (!this.#penalty) return costs;
    const { scales } = this.#options;
    const { mean, sigma, model, rates } = this.#distribution;
    const variances = model.variances();
    const penalties = this.#penalty.penalties({
      points: generation.sample.normals.map((_, index) => this.#point(generation, index)),
      costs,
      mean,
      sigma,
      variances: scales.map((scale, i) => scale * scale * (variances ? variances[i]! : 1)),
      effectiveParents: rates.effectiveParents,
    });
    return costs.map((cost, index) => cost + penalties[index]!);
  }

  /** Before the distribution moves: candidates are made from it. */
  #rememberBest(generation: Generation, costs: Float64Array): void {
    let index = 0;
    for (const [other, cost] of costs.entries()) if (cost < costs[index]!) index = other;
    const fitness = this.#sign * costs[index]!;
    if (this.#best && costs[index]! >= this.#sign * this.#best.fitness) return;
    const id = { run: this.#options.run, generation: generation.number, index, repeat: 0 };
    // The memory of the last best serves again: it is never handed out.
    this.#best = { ...this.#candidate(generation, id, this.#best?.parameters), fitness };
  }

  #record(costs: Float64Array): void {
    const { sigma, model } = this.#distribution;
    const { record, flat } = recordOf(costs, this.#sign, {
      generation: this.#generation,
      evaluations: this.#evaluations,
      sigma,
      axisRatio: model.axisRatio() ?? Number.NaN,
      deviations: this.#distribution.deviations(),
    });
    this.#flatGenerations = flat ? this.#flatGenerations + 1 : 0;
    this.#history.push(record);
  }
}
