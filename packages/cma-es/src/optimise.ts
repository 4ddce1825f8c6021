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
 * Gives the fitness of a candidate, at once or later; a number that is not finite says that the evaluation failed.
 *
 * @param parameters as many numbers as dimensions, the objective's own
 * @param id which candidate this is: its seed, if the objective needs one
 * @param signal fires when the result will not be wanted any more
 */
export type Objective = (
  parameters: Float64Array,
  id: CandidateId,
  signal: AbortSignal,
) => number | Promise<number>;

/** How a search is run; nothing of it changes what is found. */
export interface OptimiseSettings<Strategy = CmaEs | RestartingCmaEs> {
  /** How many evaluations run at once, at most those of one generation. @defaultValue all of a generation */
  readonly concurrency?: number;
  /** Ends the search by an error, the signal's reason; what was saved can go on. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds after which no evaluation is started any more: those that run are waited for, and the search ends as
   * it does after a stop. @defaultValue Infinity
   */
  readonly timeLimit?: number;
  /** Called after each generation, before the next one begins; waited for. */
  readonly onGeneration?: (record: HistoryRecord, strategy: Strategy) => void | Promise<void>;
  /**
   * Keeps the state, from which `CmaEs.load` goes on: called after results have come in, never twice at the same time,
   * and waited for at the end of each generation. Write it as a whole, by `writeFileAtomic` of `@namm/core` for one.
   */
  readonly save?: (state: Uint8Array) => void | Promise<void>;
}

/**
 * Asks, evaluates and tells until a stop condition holds or the time is over. The result does not depend on how many
 * evaluations run at once, nor on which of them ends first.
 *
 * @param objective what is minimised, or maximised if the options say so
 * @param options those of a new strategy
 * @param settings concurrency, time, callbacks
 * @returns the strategy; its `stopReason` is null when the time was over first
 * @throws {InvalidArgumentError} naming the option that cannot be used, or for a fitness that is not a number
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
 * Goes on with a strategy, such as `CmaEs.load(bytes)` after a crash, until a stop condition holds or the time is over.
 *
 * @param objective what is minimised, or maximised if the strategy says so
 * @param strategy the strategy; it is told the results
 * @param settings concurrency, time, callbacks
 * @returns the strategy; its `stopReason` is null when the time was over first
 * @throws {InvalidArgumentError} naming the setting that cannot be used, or for a fitness that is not a number
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
