import { checkNames, checkNumber, InvalidArgumentError, shown } from '@namm/core/portable';
import type { Candidate, CandidateId } from './candidate.js';
import { CmaEs } from './cma-es.js';
import { Evaluations } from './evaluations.js';
import type { HistoryRecord } from './history.js';
import { optimiseAliases } from './option-names.js';
import type { CmaEsOptions } from './options.js';
import { RestartingCmaEs } from './restarts/restarting-cma-es.js';
import { SaveQueue } from './save-queue.js';

/**
 * Returns the fitness of a candidate, or a promise of it; a number that is not finite means that the evaluation failed.
 *
 * @param parameters one number per dimension; the objective may change them
 * @param id the candidate's id; use it as a seed if the objective needs one
 * @param signal aborts when the result is no longer needed
 */
export type Objective = (
  parameters: Float64Array,
  id: CandidateId,
  signal: AbortSignal,
) => number | Promise<number>;

/** How a search is run; none of these settings changes the result. */
export interface OptimiseSettings<Strategy = CmaEs | RestartingCmaEs> {
  /** How many evaluations run at once, at most one generation. @defaultValue all of a generation */
  readonly concurrency?: number;
  /** Aborts the search with the signal's reason; a saved state can be continued. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds after which no new evaluation starts. Running ones are awaited, and the search then ends as after a
   * stop. @defaultValue Infinity
   */
  readonly timeLimit?: number;
  /** Called after each generation, and awaited before the next one begins. */
  readonly onGeneration?: (record: HistoryRecord, strategy: Strategy) => void | Promise<void>;
  /**
   * Stores the state, from which `CmaEs.load` continues. Called after results have come in, never twice at the same
   * time, and awaited at the end of each generation. Write it atomically, for instance with `writeFileAtomic` of
   * `@namm/core`.
   */
  readonly save?: (state: Uint8Array) => void | Promise<void>;
}

/**
 * Asks, evaluates and tells until a stop condition holds or time is up. The result does not depend on how many
 * evaluations run at once, or on which of them finishes first.
 *
 * @param objective what is minimised, or maximised if the options say so
 * @param options those of a new strategy
 * @param settings concurrency, time, callbacks
 * @returns the strategy; its `stopReason` is null when the time was over first
 * @throws {InvalidArgumentError} naming the invalid option, or for a fitness that is not a number
 * @throws whatever the objective or a callback throws, and the signal's reason; what runs then is told by its signal
 *
 * @example
 * ```ts
 * const sphere = (x: Float64Array) => x.reduce((sum, value) => sum + value * value, 0);
 * const { answer } = await optimise(sphere, { mean: [3, -2, 1], sigma: 1, seed: 7 });
 * ```
 */
export function optimise(
  objective: Objective,
  options: CmaEsOptions,
  settings?: OptimiseSettings<CmaEs>,
): Promise<CmaEs>;
/**
 * Continues with a strategy, such as `CmaEs.load(bytes)` after a crash, until a stop condition holds or time is up.
 *
 * @param objective what is minimised, or maximised if the strategy says so
 * @param strategy the strategy, which receives the results
 * @param settings concurrency, time, callbacks
 * @returns the strategy; its `stopReason` is null when the time was over first
 * @throws {InvalidArgumentError} naming the invalid setting, or for a fitness that is not a number
 * @throws whatever the objective or a callback throws, and the signal's reason; what runs then is told by its signal
 */
export function optimise<Strategy extends CmaEs | RestartingCmaEs>(
  objective: Objective,
  strategy: Strategy,
  settings?: OptimiseSettings<Strategy>,
): Promise<Strategy>;
export async function optimise(
  objective: Objective,
  start: CmaEsOptions | CmaEs | RestartingCmaEs,
  settings: OptimiseSettings<never> = {},
): Promise<CmaEs | RestartingCmaEs> {
  if (typeof objective !== 'function') {
    throw new InvalidArgumentError('objective', `${shown(objective)} is not a function`);
  }
  checkSettings(settings);
  const isStrategy = start instanceof CmaEs || start instanceof RestartingCmaEs;
  const strategy = isStrategy ? start : new CmaEs(start);
  const { concurrency = Number.POSITIVE_INFINITY, timeLimit = Number.POSITIVE_INFINITY } = settings;
  const { signal: stopped, save } = settings;
  stopped?.throwIfAborted();

  const evaluate = async ({ id, parameters }: Candidate, signal: AbortSignal) => {
    const fitness: unknown = await objective(parameters, id, signal);
    if (typeof fitness !== 'number') {
      const which = `candidate ${id.index} of generation ${id.generation}`;
      const problem = `returned ${shown(fitness)} for ${which}; a number is needed, NaN where it failed`;
      throw new InvalidArgumentError('objective', problem);
    }
    if (signal.aborted) return; // nobody waits for it any more
    strategy.tell([{ id, fitness }]);
    saves.request();
  };
  const evaluations = new Evaluations(evaluate, concurrency, performance.now() + timeLimit);
  const saves = new SaveQueue(save && (() => save(strategy.save())), (error) =>
    evaluations.abort(error),
  );
  const abort = () => evaluations.abort(stopped?.reason);
  stopped?.addEventListener('abort', abort);
  try {
    while (!strategy.stopReason && !evaluations.timeIsOver) {
      const run = strategy instanceof RestartingCmaEs ? strategy.current : strategy;
      const generations = run.history.length;
      await evaluations.of(strategy.pending());
      await saves.done();
      evaluations.throwIfAborted();
      const record = run.history[generations];
      if (record) await settings.onGeneration?.(record, strategy as never);
      if (!strategy.stopReason) evaluations.throwIfAborted();
    }
  } catch (error) {
    evaluations.abort(error);
    throw error;
  } finally {
    stopped?.removeEventListener('abort', abort);
    await saves.done();
  }
  return strategy;
}

function checkSettings(settings: OptimiseSettings<never>): void {
  const names = ['concurrency', 'signal', 'timeLimit', 'onGeneration', 'save'] as const;
  checkNames('optimise', settings, names, optimiseAliases);
  const { concurrency = 1, timeLimit = 0, signal } = settings;
  const isCount = (value: number) =>
    value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1);
  checkNumber('concurrency', concurrency, isCount, 'an integer from 1 on');
  checkNumber('timeLimit', timeLimit, (value) => value >= 0, 'a number of milliseconds');
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new InvalidArgumentError('signal', `${shown(signal)} is not an AbortSignal`);
  }
  for (const name of ['onGeneration', 'save'] as const) {
    const value: unknown = settings[name];
    if (value === undefined || typeof value === 'function') continue;
    throw new InvalidArgumentError(name, `${shown(value)} is not a function`);
  }
}
