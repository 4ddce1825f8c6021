import { InvalidArgumentError, Random } from '@namm/core/portable';
import type { AskOptions, Candidate, EvaluatedCandidate, Evaluation } from '../candidate.js';
import { CmaEs } from '../cma-es.js';
import { StoppedError } from '../errors.js';
import type { CmaEsOptions } from '../options.js';
import { readSealed, writeSealed } from '../state/sealed-file.js';
import type { StopReason } from '../stop.js';
import { checkRestartOptions, type RestartOptions } from './restart-options.js';
import { planRun, type RunPlan, type RunSummary } from './restart-plan.js';

/** A run that is over. */
export interface FinishedRun extends RunSummary {
  readonly stopReason: StopReason;
  readonly best: number | null;
}

/** Why restarts ended: the goal of a run, its evaluations, a broken evaluation, or no restart left. */
export type RestartStopReason = StopReason | 'maximumRestarts';

/** Stops that a restart would not help. */
const final: readonly StopReason[] = ['targetFitness', 'allFailed'];

/** The stream of a restart's own random numbers; no candidate has this generation and index. */
const restartStream = 0xffff_ffff;

const format = 'namm.cma-es.restarts';

/** What a file holds beside the run under way and the best parameters. */
interface SavedRestarts {
  readonly runs: readonly FinishedRun[];
  readonly plan: RunPlan;
  readonly stopReason: RestartStopReason | null;
  readonly best: Pick<EvaluatedCandidate, 'id' | 'fitness'> | null;
}

/**
 * CMA-ES with restarts: asks and tells like {@link CmaEs}, and starts a new run when one stops short of the
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

  /** @throws {InvalidArgumentError} naming the option that cannot be used */
  constructor(options: CmaEsOptions, restarts: RestartOptions) {
    checkRestartOptions(restarts);
    this.#options = options;
    this.#restarts = restarts;
    [this.#plan, this.#current] = this.#start();
  }

  /**
   * Continues from the bytes of {@link save}, with the options that the strategy was made with.
   *
   * @throws {FileFormatError} for bytes that are cut off, damaged, or of something else
   */
  static load(bytes: Uint8Array, options: CmaEsOptions, restarts: RestartOptions): RestartingCmaEs {
    const { state, tensors } = readSealed(bytes, format, 'saved restarts');
    const saved = state as SavedRestarts;
    const strategy = new RestartingCmaEs(options, restarts);
    const current = tensors.get('strategy')!.bytes;
    strategy.#current = CmaEs.load(current, options.normals ? { normals: options.normals } : {});
    if (strategy.#current.options.seed !== options.seed) {
      throw new InvalidArgumentError('seed', `${options.seed} is not that of the saved run`);
    }
    strategy.#runs.push(...saved.runs);
    strategy.#plan = saved.plan;
    strategy.#stopReason = saved.stopReason;
    strategy.#best = saved.best && {
      ...saved.best,
      parameters: new Float64Array(tensors.get('best')!.bytes.buffer),
    };
    return strategy;
  }

  /** The run under way, or the last one. */
  get current(): CmaEs {
    return this.#current;
  }

  /** The runs that are over. */
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

  /** Why there is no further run; null while it goes on. */
  get stopReason(): RestartStopReason | null {
    return this.#stopReason;
  }

  /** As {@link CmaEs.ask}. */
  ask(options?: AskOptions): Candidate[] {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    return this.#current.ask(options);
  }

  /** As {@link CmaEs.tell}; a run that stops is followed by the next one. */
  tell(evaluations: readonly Evaluation[]): boolean {
    if (this.#stopReason) throw new StoppedError(this.#stopReason);
    const complete = this.#current.tell(evaluations);
    const reason = this.#current.stopReason;
    if (reason) this.#finish(reason);
    return complete;
  }

  /** The whole state, also between results of one generation: a safetensors file around that of the run. */
  save(): Uint8Array {
    const parameters = this.#best?.parameters ?? new Float64Array(0);
    const strategy = this.#current.save();
    const state: SavedRestarts = {
      runs: this.#runs,
      plan: this.#plan,
      stopReason: this.#stopReason,
      best: this.#best && { id: this.#best.id, fitness: this.#best.fitness },
    };
    const tensors = {
      strategy: { shape: [strategy.length], data: strategy },
      best: { shape: [parameters.length], data: parameters },
    };
    return writeSealed(format, state, Object.entries(tensors));
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
