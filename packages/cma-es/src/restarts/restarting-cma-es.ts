import { checksum, FileFormatError, InvalidArgumentError, Random } from '@namm/core/portable';
import { readSealed, underPrefix, withPrefix, writeSealed } from '@namm/tensors/portable';
import type { AskOptions, Candidate, EvaluatedCandidate, Evaluation } from '../candidate.js';
import { CmaEs } from '../cma-es.js';
import { StoppedError } from '../errors.js';
import { type CmaEsOptions, resolveOptions } from '../options.js';
import { checkFormat } from '../state/check-format.js';
import { fromJson, toJson } from '../state/json.js';
import { row } from '../state/row.js';
import type { StopReason } from '../stop.js';
import { checkRestartOptions, type RestartOptions } from './restart-options.js';
import { planRun, type RunPlan, type RunSummary } from './restart-plan.js';

/** A finished run. */
export interface FinishedRun extends RunSummary {
  readonly stopReason: StopReason;
  readonly best: number | null;
}

/** Why restarts ended: a run reached its goal, evaluations ran out, an evaluation broke, or no restarts are left. */
export type RestartStopReason = StopReason | 'maximumRestarts';

/** Stops that a restart would not help. */
const final: readonly StopReason[] = ['targetFitness', 'allFailed'];

/** The stream of a restart's own random numbers; no candidate has this generation and index. */
const restartStream = 0xffff_ffff;

const format = { format: 'namm.cma-es.restarts', version: '2' } as const;

const file = 'saved restarts';

/** What the names of the run under way begin with in a file. */
const currentRun = 'current.';

/** What a file holds beside the run under way and the best parameters. */
interface SavedRestarts {
  readonly runs: readonly FinishedRun[];
  readonly plan: RunPlan;
  readonly stopReason: RestartStopReason | null;
  readonly best: Pick<EvaluatedCandidate, 'id' | 'fitness'> | null;
  /** Checksums of the options by name: those that it goes on with have to be the same. */
  readonly options: Readonly<Record<string, string>>;
}

/** A checksum of each option: equal ones have equal ones. */
function fingerprints(options: CmaEsOptions, restarts: RestartOptions): Record<string, string> {
  const all = Object.entries({ ...resolveOptions(options), ...restarts });
  const encoder = new TextEncoder();
  const plain = (_: string, value: unknown) =>
    typeof value === 'function'
      ? 'function'
      : ArrayBuffer.isView(value)
        ? Array.from(value as Float64Array)
        : value;
  return Object.fromEntries(
    all.map(([name, value]) => [name, checksum([encoder.encode(JSON.stringify(value, plain))])]),
  );
}

/**
 * CMA-ES with restarts: it has the same ask and tell as {@link CmaEs}, and starts a new run when one stops short of the
 * target. `stop.maximumEvaluations` counts over all runs. Candidates of restart k belong to the run `name/k`.
 *
 * @example
 * ```ts
 * const options = { mean: [3, 3], sigma: 2, seed: 1, stop: { targetFitness: 1e-8 } };
 * const strategy = new RestartingCmaEs(options, { kind: 'bipop' });
 * while (!strategy.stopReason) {
 *   strategy.tell(strategy.ask().map(({ id, parameters }) => ({ id, fitness: rastrigin(parameters) })));
 * }
 * ```
 */
export class RestartingCmaEs {
  readonly #options: CmaEsOptions;
  readonly #restarts: RestartOptions;
  readonly #runs: FinishedRun[] = [];
  #plan: RunPlan;
  #current: CmaEs;
  #best: EvaluatedCandidate | null = null;
  #stopReason: RestartStopReason | null = null;

  /**
   * @param options of every run; restarts change population, sigma and start
   * @param restarts when and how
   * @throws {InvalidArgumentError} naming the invalid or unknown option
   */
  constructor(options: CmaEsOptions, restarts: RestartOptions) {
    checkRestartOptions(restarts);
    this.#options = options;
    this.#restarts = restarts;
    [this.#plan, this.#current] = this.#start();
  }

  /**
   * Continues from the bytes of {@link save}.
   *
   * @param bytes from any machine
   * @param options the strategy's original options
   * @param restarts its original restart options
   * @returns the strategy as it was
   * @throws {FileFormatError} for bytes that are truncated, damaged, or something else
   * @throws {InvalidArgumentError} naming an option that differs from the saved run
   */
  static load(bytes: Uint8Array, options: CmaEsOptions, restarts: RestartOptions): RestartingCmaEs {
    const { metadata, tensors } = readSealed(bytes, file);
    checkFormat(metadata, format.format, format.version, file);
    const saved = fromJson(metadata.get('state') ?? '') as SavedRestarts | undefined;
    const best = tensors.get('best');
    if (!saved || !best) throw new FileFormatError(file, 'lacks its state');
    const strategy = new RestartingCmaEs(options, restarts);
    const given = fingerprints(options, restarts);
    const names = [...new Set([...Object.keys(given), ...Object.keys(saved.options)])];
    const other = names.find((name) => given[name] !== saved.options[name]);
    if (other) throw new InvalidArgumentError(other, 'is not that of the saved run');
    const functions = options.normals ? { normals: options.normals } : {};
    strategy.#current = CmaEs.restore(underPrefix({ metadata, tensors }, currentRun), functions);
    strategy.#runs.push(...saved.runs);
    strategy.#plan = saved.plan;
    strategy.#stopReason = saved.stopReason;
    strategy.#best = saved.best && {
      ...saved.best,
      parameters: new Float64Array(best.bytes.buffer),
    };
    return strategy;
  }

  /** The current run, or the last one. */
  get current(): CmaEs {
    return this.#current;
  }

  /** The finished runs. */
  get runs(): readonly FinishedRun[] {
    return this.#runs;
  }

  /** Over all runs. */
  get evaluations(): number {
    const current = this.#stopReason ? 0 : this.#current.evaluations;
    return this.#runs.reduce((sum, run) => sum + run.evaluations, current);
  }

  /** Best candidate of all runs. */
  get best(): EvaluatedCandidate | null {
    const candidates = [this.#best, this.#current.best].filter((one) => one !== null);
    const sign = this.#options.goal === 'maximise' ? -1 : 1;
    return candidates.sort((a, b) => sign * (a.fitness - b.fitness))[0] ?? null;
  }

  /** Why there are no more runs; null while the search continues. */
  get stopReason(): RestartStopReason | null {
    return this.#stopReason;
  }

  /**
   * As {@link CmaEs.ask}.
   *
   * @param options whether the caller may keep the parameters
   * @returns the candidates of the current run
   * @throws {StoppedError} when there is no further run
   */
  ask(options?: AskOptions): Candidate[] {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    return this.#current.ask(options);
  }

  /** As {@link CmaEs.pending}. */
  pending(): Candidate[] {
    return this.#stopReason ? [] : this.#current.pending();
  }

  /** The result: the best candidate of all runs, or the mean of the current run if the option `answer` says so. */
  get answer(): Float64Array {
    return (this.#current.options.answer === 'best' && this.best?.parameters) || this.#current.mean;
  }

  /**
   * As {@link CmaEs.tell}; a run that stops is followed by the next one.
   *
   * @param evaluations `{ id, fitness }` of each
   * @returns whether the generation is complete
   * @throws {CandidateError} for ids that do not belong to this generation, or were told before
   * @throws {StoppedError} when there is no further run
   */
  tell(evaluations: readonly Evaluation[]): boolean {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    const complete = this.#current.tell(evaluations);
    const reason = this.#current.stopReason;
    if (reason) this.#finish(reason);
    return complete;
  }

  /**
   * The whole state, even between the results of one generation: one safetensors file with one checksum over
   * everything.
   *
   * @returns what {@link load} takes
   */
  save(): Uint8Array {
    const state: SavedRestarts = {
      runs: this.#runs,
      plan: this.#plan,
      stopReason: this.#stopReason,
      best: this.#best && { id: this.#best.id, fitness: this.#best.fitness },
      options: fingerprints(this.#options, this.#restarts),
    };
    const { metadata, tensors } = withPrefix(this.#current.snapshot(), currentRun);
    return writeSealed({
      metadata: { ...format, state: toJson(state), ...metadata },
      tensors: { ...tensors, best: row(this.#best?.parameters ?? new Float64Array(0)) },
    });
  }

  #finish(stopReason: StopReason): void {
    const { evaluations, best } = this.#current;
    this.#best = this.best;
    this.#runs.push({ ...this.#plan, evaluations, stopReason, best: best?.fitness ?? null });
    const budget = this.#options.stop?.maximumEvaluations ?? null;
    const total = this.#runs.reduce((sum, run) => sum + run.evaluations, 0);
    const large = this.#runs.filter((run) => run.size === 'large').length;
    if (final.includes(stopReason)) this.#stopReason = stopReason;
    else if (budget !== null && total >= budget) this.#stopReason = 'maximumEvaluations';
    else if (large > (this.#restarts.maximum ?? 9)) {
      this.#stopReason = 'maximumRestarts';
    } else [this.#plan, this.#current] = this.#start();
  }

  /** Sets up the run after those that are over. */
  #start(): [RunPlan, CmaEs] {
    const { stop, sigma, seed, run = 'cma-es', mean } = this.#options;
    const restart = this.#runs.length;
    const random = new Random(seed, restartStream, restartStream, restart);
    const populationSize =
      this.#options.populationSize ?? 4 + Math.floor(3 * Math.log(mean.length));
    const { kind, factor = 2 } = this.#restarts;
    const plan = planRun({ kind, populationSize, sigma, factor }, this.#runs, random);
    const budget = stop?.maximumEvaluations ?? null;
    const left = this.#runs.reduce((sum, one) => sum - one.evaluations, budget ?? 0);
    const limits = [plan.maximumEvaluations, budget === null ? null : left].filter(
      (one) => one !== null,
    );
    const current = new CmaEs({
      ...this.#options,
      mean: restart === 0 ? mean : this.#meanOf(random, restart),
      run: `${run}/${restart}`,
      restart,
      populationSize: plan.populationSize,
      sigma: plan.sigma,
      stop: { ...stop, maximumEvaluations: limits.length > 0 ? Math.min(...limits) : null },
    });
    return [plan, current];
  }

  #meanOf(random: Random, restart: number): ArrayLike<number> {
    if (this.#restarts.start) return this.#restarts.start(random, restart);
    const { bounds } = this.#current.options;
    const { mean } = this.#options;
    return Float64Array.from(mean, (value, i) => {
      const [lower, upper] = [bounds?.lower[i], bounds?.upper[i]];
      const place = random.uniform(); // drawn for every coordinate, so that each has its own number
      if (!Number.isFinite(lower) || !Number.isFinite(upper)) return value;
      return lower! + place * (upper! - lower!);
    });
  }
}
