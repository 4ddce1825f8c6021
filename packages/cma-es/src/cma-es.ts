import {
  checkNames,
  FileFormatError,
  InvalidArgumentError,
  numberList,
  shown,
} from '@namm/core/portable';
import {
  readSealed,
  type Snapshot,
  type SnapshotSource,
  writeSealed,
} from '@namm/tensors/portable';
import { BoundaryPenalty } from './boundary-penalty.js';
import { clip, findOutside } from './bounds.js';
import type {
  AskOptions,
  Candidate,
  CandidateId,
  EvaluatedCandidate,
  Evaluation,
} from './candidate.js';
import { costsOf, lowest } from './costs.js';
import { StoppedError } from './errors.js';
import { checkEvaluations, type Generation } from './generation.js';
import { type HistoryRecord, recordOf } from './history.js';
import { NoiseHandler } from './noise.js';
import { fillNormals, type NormalSource } from './normals/fill-normals.js';
import { type CmaEsOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { Sampler } from './sampler.js';
import { SearchDistribution } from './search-distribution.js';
import { snapshotOf } from './state/snapshot-of.js';
import { stateOf } from './state/state-of.js';
import type { StrategyState } from './state/strategy-state.js';
import { findStopReason, resolveStop, type StopReason } from './stop.js';

/** Options for continuing a saved run. */
export interface LoadOptions {
  /** The `normals` of the original options, if any: functions are not saved. */
  readonly normals?: CmaEsOptions['normals'];
  /** Stop conditions that replace the saved ones: a stopped run continues if none of them holds. */
  readonly stop?: CmaEsOptions['stop'];
}

/** Stop reasons that a new limit cannot undo. */
const broken: readonly (StopReason | null)[] = ['allFailed', 'overflow'];

/**
 * CMA-ES with an ask-and-tell interface: {@link ask} returns the candidates of a generation, {@link tell} takes their
 * fitness in any order, and the last result updates the search distribution.
 *
 * Everything depends only on the options, the seed and the fitness values: the same run gives the same bits, even
 * through {@link save} and {@link load} in the middle of a generation.
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
  readonly #sampler: Sampler;
  readonly #noise: NoiseHandler | null;
  readonly #penalty: BoundaryPenalty | null;
  readonly #sign: 1 | -1;
  readonly #ownNormals: boolean;
  #initialDeviation: number;
  readonly #history: HistoryRecord[] = [];
  /** Memory of the candidates that are handed out with `reuse`. */
  #reused: Float64Array[] = [];
  #generation = 0;
  #evaluations = 0;
  #flatGenerations = 0;
  /** Of the generations that are complete. */
  #best: EvaluatedCandidate | null = null;
  #stopReason: StopReason | null = null;
  #current: Generation | null = null;
  /** Points that take the first places of the next generation. */
  #injected: Float64Array[] = [];

  /**
   * @param options where and how to start; `mean`, `sigma` and `seed` are required
   * @throws {InvalidArgumentError} naming the invalid or unknown option
   * @throws {WasmError} when there is no memory for the matrix
   */
  constructor(options: CmaEsOptions) {
    const resolved = resolveOptions(options);
    this.#options = resolved;
    const { sigma, scales, bounds, noise, populationSize } = resolved;
    this.#ownNormals = options.normals !== undefined;
    this.#noise = noise ? new NoiseHandler(noise, populationSize, resolved.mean.length) : null;
    this.#penalty = bounds?.handling === 'penalty' ? new BoundaryPenalty(bounds) : null;
    this.#sign = resolved.goal === 'minimise' ? 1 : -1;
    this.#distribution = new SearchDistribution(resolved);
    const normals: NormalSource = options.normals ?? fillNormals;
    const parts = { distribution: this.#distribution, normals, noise: this.#noise };
    this.#sampler = new Sampler(resolved, parts);
    const deviations = this.#distribution.deviations();
    this.#initialDeviation = (deviations ?? scales.map((s) => s * sigma)).reduce((a, b) =>
      Math.max(a, b),
    );
  }

  /**
   * Continues a run from the bytes of {@link save}; everything that follows is bit for bit the same.
   *
   * @param bytes from any machine
   * @param given what the bytes cannot contain, and new limits
   * @returns the strategy as it was
   * @throws {FileFormatError} for bytes that are truncated, damaged, or something else
   * @throws {InvalidArgumentError} when `normals` were given to the original run but not here, or the reverse
   *
   * @example
   * ```ts
   * const more = CmaEs.load(bytes, { stop: { maximumEvaluations: 5000 } });
   * ```
   */
  static load(bytes: Uint8Array, given: LoadOptions = {}): CmaEs {
    return CmaEs.restore(readSealed(bytes, 'saved strategy'), given);
  }

  /**
   * Continues a run from a {@link snapshot} stored in the caller's own file.
   *
   * @param source its texts and tensors, under their names in the snapshot
   * @param given as for {@link load}
   * @returns the strategy as it was
   * @throws {FileFormatError} for data that is not a strategy's
   * @throws {InvalidArgumentError} as {@link load}
   */
  static restore(source: SnapshotSource, given: LoadOptions = {}): CmaEs {
    checkNames('CmaEs.load', given, ['normals', 'stop']);
    const { normals, stop } = given;
    const state = stateOf(source);
    if (state.ownNormals !== (normals !== undefined)) {
      const problem = state.ownNormals
        ? 'the run draws from a function of its own; give it again'
        : 'the run draws from fillNormals; leave them out';
      throw new InvalidArgumentError('normals', problem);
    }
    const { mean, populationSize } = state.options;
    if (stop) resolveStop(stop, mean.length, populationSize); // the caller's mistakes, not the file's
    const changed = Object.entries(stop ?? {}).filter(([, limit]) => limit !== undefined);
    const strategy = CmaEs.#withOptions({
      ...state.options,
      stop: { ...state.options.stop, ...Object.fromEntries(changed) },
      ...(normals && { normals }),
    });
    strategy.#restore(state);
    if (stop && !broken.includes(state.stopReason)) {
      strategy.#stopReason = state.history.length > 0 ? strategy.#findStop() : null;
    }
    return strategy;
  }

  /** What the options of a file describe; they were checked when it was written. */
  static #withOptions(options: CmaEsOptions): CmaEs {
    try {
      return new CmaEs(options);
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause;
      throw new FileFormatError('saved strategy', cause.message, { cause });
    }
  }

  /** Numbers per candidate, n. */
  get dimension(): number {
    return this.#distribution.mean.length;
  }

  /** λ. */
  get populationSize(): number {
    return this.#options.populationSize;
  }

  /** Completed generations. */
  get generation(): number {
    return this.#generation;
  }

  /** Number of results, including failed ones. */
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

  /**
   * The candidate with the best fitness so far, up to date even within a generation; under noise, possibly just a lucky
   * one. A copy; null before the first successful evaluation.
   */
  get best(): EvaluatedCandidate | null {
    const latest = this.#current && this.#bestOf(this.#current);
    const best = latest ?? this.#best;
    return best && { ...best, parameters: best.parameters.slice() };
  }

  /** The result: the mean or the best candidate, as the option `answer` says. */
  get answer(): Float64Array {
    return (this.#options.answer === 'best' && this.best?.parameters) || this.mean;
  }

  /** Why the strategy stopped; null while it runs. */
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

  /** The options with all defaults and automatic choices filled in. */
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

  /**
   * C, n × n row-major, in units of sigma² and scales. Takes O(n³) for all models except `full` with
   * eigendecomposition.
   */
  covariance(): Float64Array {
    return this.#distribution.model.covariance();
  }

  /**
   * The candidates of this generation, including those already told. Asking again returns the same ones.
   *
   * @param options whether the caller may keep the parameters
   * @returns ordered by index; with noise handling, candidates to be evaluated twice appear a second time at the end
   * @throws {InvalidArgumentError} for an unknown option
   * @throws {StoppedError} after a stop
   *
   * @example
   * ```ts
   * const results = strategy.ask().map(({ id, parameters }) => ({ id, fitness: f(parameters) }));
   * strategy.tell(results);
   * ```
   */
  ask(options: AskOptions = {}): Candidate[] {
    checkNames('ask', options, ['reuse'], { n: 'populationSize among the options of CmaEs' });
    const { reuse = false } = options;
    if (typeof reuse !== 'boolean') {
      throw new InvalidArgumentError('reuse', `${shown(reuse)} is not true or false`);
    }
    const generation = this.#underWay();
    const target = (index: number) => {
      this.#reused[index] ??= new Float64Array(this.dimension);
      return this.#reused[index];
    };
    return generation
      .ids(this.#options.run)
      .map((id) => this.#candidate(generation, id, reuse ? target(id.index) : undefined));
  }

  /**
   * Recomputes one candidate of this generation from its id, as a worker with the saved state can.
   *
   * @param id of a candidate of this generation, told or not
   * @returns the candidate, with its own copy of the parameters
   * @throws {CandidateError} for ids of another run or generation, or of no candidate
   * @throws {StoppedError} after a stop
   */
  candidate(id: CandidateId): Candidate {
    const generation = this.#underWay();
    generation.slotOf(id, this.#options.run);
    return this.#candidate(generation, id);
  }

  /**
   * The candidates of this generation without a result so far: what is left to evaluate after {@link load}.
   *
   * @returns ordered by index; none after a stop
   */
  pending(): Candidate[] {
    if (this.#stopReason) return [];
    const generation = this.#underWay();
    const ids = generation.ids(this.#options.run);
    return ids
      .filter((_, slot) => generation.told[slot] === 0)
      .map((id) => this.#candidate(generation, id));
  }

  /**
   * Takes results by id: any number of them, in any order, each once. A fitness that is not finite means that the
   * evaluation failed; failures rank worst. Candidates of equal fitness share their weights. The last result of a
   * generation updates the distribution. Either all results of a call are taken or none.
   *
   * @param evaluations `{ id, fitness }` of each
   * @returns whether the generation is complete
   * @throws {CandidateError} for ids of another run or generation, unknown ids, or ids told before
   * @throws {InvalidArgumentError} for a fitness that is not a number: undefined, null, text, a BigInt, a promise
   * @throws {StoppedError} after a stop
   */
  tell(evaluations: readonly Evaluation[]): boolean {
    const generation = this.#underWay();
    checkEvaluations(evaluations);
    generation.take(evaluations, generation.slotsOf(evaluations, this.#options.run));
    if (!generation.complete) return false;
    this.#advance(generation);
    return true;
  }

  /**
   * Puts your own points into the next generation, in place of its first candidates. They are evaluated unchanged; the
   * distribution learns from them as if they were no farther away than samples are (Hansen, "Injecting external
   * solutions into CMA-ES", 2011).
   *
   * @param points inside the bounds, at most λ for a generation
   * @throws {InvalidArgumentError} for wrong lengths, numbers that are not finite, points out of bounds, or too many
   * @throws {StoppedError} after a stop
   *
   * @example
   * ```ts
   * strategy.inject([knownGood]);
   * strategy.ask()[0]; // knownGood, if nothing was asked for before
   * ```
   */
  inject(points: readonly ArrayLike<number>[]): void {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    if (!Array.isArray(points)) {
      throw new InvalidArgumentError('points', `${shown(points)} is not a list of points`);
    }
    const length = this.dimension;
    const copies = Array.from(points as readonly ArrayLike<number>[], (point, index) => {
      const copy = numberList(`points[${index}]`, point, { length });
      const outside = this.#options.bounds && findOutside(copy, this.#options.bounds);
      if (outside) throw new InvalidArgumentError(`points[${index}]`, outside);
      return copy;
    });
    if (this.#injected.length + copies.length > this.populationSize) {
      const places = `${this.populationSize} places in a generation`;
      throw new InvalidArgumentError('points', `more than the ${places}`);
    }
    this.#injected.push(...copies);
  }

  /**
   * The whole state as bytes, even between the results of one generation: a safetensors file whose metadata hold the
   * options and a checksum.
   *
   * @returns what {@link load} takes
   */
  save(): Uint8Array {
    return writeSealed(this.snapshot());
  }

  /**
   * The whole state as named tensors and texts, for a file that holds more than a strategy. They are views of the
   * strategy's own memory: write them before the next call of tell.
   *
   * @returns what {@link restore} takes
   */
  snapshot(): Snapshot {
    return snapshotOf({
      ...this.#distribution.save(),
      options: this.#options,
      ownNormals: this.#ownNormals,
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
      const slots = this.#current.told.length;
      if (state.fitness.length !== slots || state.told.length !== slots) {
        throw new FileFormatError(
          'saved strategy',
          `its generation does not have ${slots} results`,
        );
      }
      this.#current.fitness.set(state.fitness);
      this.#current.told.set(state.told);
    }
    this.#injected = [...state.injected];
  }

  /** @throws {StoppedError} after a stop */
  #underWay(): Generation {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    this.#current ??= this.#draw();
    return this.#current;
  }

  #draw(): Generation {
    return this.#sampler.draw(this.#generation, this.#injected.splice(0));
  }

  #candidate(generation: Generation, id: CandidateId, target?: Float64Array): Candidate {
    const point = this.#sampler.point(generation, id.index, target);
    const { bounds } = this.#options;
    return { id, parameters: bounds ? clip(point, bounds, point) : point };
  }

  /** Moves the distribution after the last result of a generation. */
  #advance(generation: Generation): void {
    const { first, second, averaged } = costsOf(generation, this.#sign);
    this.#evaluations += generation.told.length;
    if (averaged.every((cost) => cost === Number.POSITIVE_INFINITY)) {
      this.#stopReason = 'allFailed';
      return;
    }
    // before the distribution moves: candidates are made from it
    this.#best = this.#bestOf(generation, this.#best?.parameters) ?? this.#best;
    const sigmaFactor = this.#noise?.treat(first, second) ?? 1;
    const ranked = this.#withPenalty(generation, averaged);
    if (!this.#distribution.move(generation.sample, ranked, this.#generation, sigmaFactor)) {
      this.#stopReason = 'overflow';
      return;
    }
    this.#record(averaged);
    this.#generation++;
    this.#current = null;
    this.#stopReason = this.#findStop();
  }

  #findStop(): StopReason | null {
    const { stop, sigma, minimumDeviation } = this.#options;
    return findStopReason({
      options: stop,
      sign: this.#sign,
      populationSize: this.populationSize,
      mean: this.#distribution.mean,
      sigma: this.sigma,
      initialSigma: sigma,
      initialDeviation: this.#initialDeviation,
      scales: this.#distribution.scales,
      largestLearned: minimumDeviation ? this.#distribution.largestLearned() : null,
      model: this.#distribution.model,
      history: this.#history,
      best: this.#best!.fitness,
      flatGenerations: this.#flatGenerations,
    });
  }

  #withPenalty(generation: Generation, costs: Float64Array): Float64Array {
    if (!this.#penalty) return costs;
    const { mean, sigma, model, rates, scales } = this.#distribution;
    const variances = model.variances();
    const penalties = this.#penalty.penalties({
      points: generation.sample.normals.map((_, index) => this.#sampler.point(generation, index)),
      costs,
      mean,
      sigma,
      variances: scales.map((scale, i) => scale * scale * (variances ? variances[i]! : 1)),
      effectiveParents: rates.effectiveParents,
    });
    return costs.map((cost, index) => cost + penalties[index]!);
  }

  /**
   * The best candidate of a generation so far, or null unless it is better than all before.
   *
   * @param target memory for its parameters, new if left out
   */
  #bestOf(generation: Generation, target?: Float64Array): EvaluatedCandidate | null {
    const { averaged } = costsOf(generation, this.#sign);
    const index = lowest(averaged);
    const before = this.#best ? this.#sign * this.#best.fitness : Number.POSITIVE_INFINITY;
    if (averaged[index]! >= before) return null;
    const id = { run: this.#options.run, generation: generation.number, index, repeat: 0 };
    return { ...this.#candidate(generation, id, target), fitness: this.#sign * averaged[index]! };
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
