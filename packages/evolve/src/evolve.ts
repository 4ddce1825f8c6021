import type { Candidate } from '@namm/cma-es';
import { checkNames, type ProgressListener } from '@namm/core';
import type { Evaluator } from './evaluation/evaluator.js';
import type { Judgement, Problem, Stage } from './problem.js';
import { EvaluationError } from './run/errors.js';
import { evolutionReport } from './run/evolution-report.js';
import type { GenerationRecord, ValidationRecord } from './run/generation-record.js';
import { newRunState } from './run/new-run-state.js';
import { isBetter, rankedFitness } from './run/ranking.js';
import { RunFolder } from './run/run-folder.js';
import { lockRun } from './run/run-lock.js';
import type { BestMean, RunState } from './run/run-state.js';
import {
  type BaselineScores,
  meanTasks,
  type ScoredCandidates,
  scoreCandidates,
} from './run/score-candidates.js';
import { checkSearch, type SearchSettings } from './run/search-settings.js';

/** Options of {@link evolve}. */
export interface EvolveOptions<Unit, Score, S extends Stage, Request> {
  /** The run's folder: created if it does not exist, continued if it holds a run with these settings. */
  readonly folder: string;
  readonly problem: Problem<Unit, Score, S, Request>;
  readonly evaluator: Evaluator<Unit, Score, Request>;
  readonly search: SearchSettings;
  /** Stage `generations`: generations done over all stages, including the fraction of the current one. */
  readonly onProgress?: ProgressListener | undefined;
  /** Called after each generation, once its state is saved. */
  readonly onGeneration?: ((record: GenerationRecord) => void) | undefined;
  /** Stops the run after the current slices; their results are saved. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, for the log. */
  readonly clock?: (() => number) | undefined;
}

/** Result of {@link evolve}. */
export interface EvolveResult {
  /** False if it was stopped before the last generation. */
  readonly isComplete: boolean;
  /** Mean of the distribution. */
  readonly mean: Float64Array;
  /** The mean that did best on the validation units of the last stage; null before the first validation. */
  readonly best: {
    readonly generation: number;
    readonly fitness: number;
    /** How far it falls short of what every candidate must reach; 0 means it does not. */
    readonly shortfall: number;
    readonly parameters: Float64Array;
  } | null;
}

/**
 * Evolves the parameters of a problem in a folder, or continues the run that is there. The result depends only on
 * problem, search and evaluator: a run that was stopped or killed and then continued gives bit for bit the same
 * parameters as one that was not.
 *
 * @throws {InvalidArgumentError} for an invalid setting
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @throws {EvaluationError} when no candidate of a generation could be evaluated
 * @example
 * ```ts
 * const search = { populationSize: 8, sigma: 0.3, seed: 1, validateEvery: 5 };
 * const { best } = await evolve({ folder: 'run', problem, evaluator, search });
 * best?.parameters; // the best mean, also in run/best.json
 * ```
 */
export async function evolve<Unit, Score, S extends Stage, Request>(
  options: EvolveOptions<Unit, Score, S, Request>,
): Promise<EvolveResult> {
  checkNames('evolve', options, [
    ...(['folder', 'problem', 'evaluator', 'search'] as const),
    ...(['onProgress', 'onGeneration', 'signal', 'clock'] as const),
  ]);
  const { problem, evaluator, search } = options;
  checkSearch(search, problem.stages);
  const folder = await RunFolder.open(options.folder);
  const unlock = await lockRun(options.folder);
  try {
    const settings = {
      ...{ evaluator: evaluator.version, search: { ...search } },
      stages: problem.stages,
      problem: problem.settings,
    };
    const isScore = (value: unknown): value is Score => problem.isScore(value);
    const found = await folder.begin(settings, isScore);
    const state = found ?? (await newRunState(problem, evaluator, search));
    if (found === null) await folder.saveState(state);
    const records = await folder.readLog(found === null ? 0 : found.logged);
    return await new Evolution(options, folder, state, records).run();
  } finally {
    await unlock();
  }
}

/** One run in progress. */
class Evolution<Unit, Score, S extends Stage, Request> {
  readonly #options: EvolveOptions<Unit, Score, S, Request>;
  readonly #problem: Problem<Unit, Score, S, Request>;
  readonly #folder: RunFolder;
  readonly #state: RunState<Score>;
  readonly #records: GenerationRecord[];
  #validation: Validation<Unit, Score> | null = null;
  /** Whether the run was stopped between a generation and the validation that belongs to it. */
  #isUnsaved = false;

  constructor(
    options: EvolveOptions<Unit, Score, S, Request>,
    folder: RunFolder,
    state: RunState<Score>,
    records: GenerationRecord[],
  ) {
    this.#options = options;
    this.#problem = options.problem;
    this.#folder = folder;
    this.#state = state;
    this.#records = records;
  }

  async run(): Promise<EvolveResult> {
    const state = this.#state;
    const { stages } = this.#problem;
    while (!this.#isComplete && !this.#isStopped) {
      const stage = stages[state.stage]!;
      if (state.generationInStage === stage.generations) {
        state.stage++;
        state.generationInStage = 0;
        await this.#folder.saveState(state);
      } else if (state.best?.stage !== state.stage) await this.#validateStart(stage);
      else await this.#generation(stage);
    }
    const { strategy, best } = state;
    return { isComplete: this.#isComplete && !this.#isUnsaved, mean: strategy.mean, best };
  }

  get #isComplete(): boolean {
    const { stages } = this.#problem;
    const { stage, generationInStage } = this.#state;
    return stage === stages.length - 1 && generationInStage === stages[stage]!.generations;
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** A stage begins with what its mean is worth, so that the best mean is never worse than that. */
  async #validateStart(stage: S): Promise<void> {
    const validation = await this.#validate(stage);
    if (validation === null) return;
    const { generation, sigma } = this.#state.strategy;
    const nothing = { candidates: [], tasks: {}, size: 0, seconds: null };
    await this.#finish({ generation, stage: this.#state.stage, sigma, ...nothing }, validation);
  }

  async #generation(stage: S): Promise<void> {
    const { clock, search } = this.#options;
    const began = clock?.();
    const state = this.#state;
    const { strategy } = state;
    const { generation } = strategy;
    const candidates = strategy.ask({ reuse: true });
    const scored = await scoreCandidates<Unit, Score>({
      ...this.#work(`generation-${generation + 1}`),
      units: await this.#problem.trainingUnits(stage, { generation, seed: search.seed }),
      candidates: candidates.map(({ parameters }) => parameters),
      pending: state.pending,
      onSlice: (done, all) => this.#sliceDone(done / all),
    });
    if (scored === null) return; // stopped
    await this.#tell(candidates, scored);
    state.pending.clear();
    state.generationInStage++;
    const isDue = state.generationInStage % search.validateEvery === 0;
    const isLast = state.generationInStage === stage.generations;
    const validation = isDue || isLast ? await this.#validate(stage) : null;
    if (validation === null && (isDue || isLast)) {
      this.#isUnsaved = true; // told again next time
      return;
    }
    const { judgements } = scored;
    await this.#finish(
      {
        ...{ generation: strategy.generation, stage: state.stage, sigma: strategy.sigma },
        candidates: judgements.map(
          (judgement) =>
            judgement && {
              ...{ fitness: judgement.fitness, shortfall: judgement.shortfall ?? 0 },
              measures: judgement.measures ?? {},
            },
        ),
        tasks: meanTasks(judgements.filter((judgement) => judgement !== null)),
        size: scored.size,
        seconds: clock && began !== undefined ? (clock() - began) / 1000 : null,
      },
      validation,
    );
  }

  async #tell(
    candidates: readonly Candidate[],
    { judgements, firstFailure }: ScoredCandidates<Score>,
  ): Promise<void> {
    const { strategy, pending } = this.#state;
    if (judgements.every((judgement) => judgement === null)) {
      pending.clear(); // so that a resumed run evaluates them again
      await this.#folder.saveState(this.#state);
      throw this.#failure(firstFailure);
    }
    const fitness = rankedFitness(judgements);
    strategy.tell(candidates.map(({ id }, i) => ({ id, fitness: fitness[i]! })));
  }

  /** @returns null when the run was stopped meanwhile */
  async #validate(stage: S): Promise<Validated | null> {
    const state = this.#state;
    const { strategy } = state;
    const parameters = strategy.mean;
    const validation = await this.#validationOf(stage);
    const scored = await scoreCandidates<Unit, Score>({
      ...this.#work(`validation-${state.stage}-${strategy.generation}`),
      units: validation.units,
      ...(validation.baselines ? { baselines: validation.baselines } : {}),
      candidates: [parameters],
      pending: new Map(),
      onSlice: async () => {},
    });
    if (scored === null) return null;
    validation.baselines = scored.baselines;
    const [judgement] = scored.judgements;
    if (!judgement) throw this.#failure(scored.firstFailure);
    const { fitness, shortfall = 0, cost = 0 } = judgement;
    const { best, stage: number } = state;
    const isBest = best?.stage !== number || isBetter(judgement, best);
    const { generation } = strategy;
    const own: BestMean = { generation, stage: number, fitness, shortfall, cost, parameters };
    if (isBest) state.best = own;
    return { judgement, isBest };
  }

  #failure(first: string | null): EvaluationError {
    const what = 'no candidate could be evaluated';
    return new EvaluationError(
      this.#state.strategy.generation,
      first === null
        ? `${what}; no fitness is a finite number`
        : `${what}; the first said: ${first}`,
    );
  }

  /** The log first: a record without its state is dropped when the run goes on, the opposite would be a gap. */
  async #finish(
    generation: Omit<GenerationRecord, 'validation'>,
    validated: Validated | null,
  ): Promise<void> {
    const record = { ...generation, validation: validated && recordOf(validated) };
    await this.#folder.log(record);
    if (validated?.isBest) await this.#save('best', validated.judgement);
    if (validated) await this.#save('mean', validated.judgement);
    this.#records.push(record);
    this.#state.logged = this.#records.length;
    const page = evolutionReport(this.#problem, this.#options.search, this.#records);
    await this.#folder.writeFile('report.html', page);
    await this.#folder.saveState(this.#state);
    this.#options.onGeneration?.(record);
  }

  async #save(name: string, validation: Judgement): Promise<void> {
    const { strategy, prepared } = this.#state;
    const { evaluator, search } = this.#options;
    const { mean: parameters, generation } = strategy;
    const facts = { generation, validation, evaluator: evaluator.version, search: { ...search } };
    if (this.#problem.save) {
      const found = { ...facts, parameters, prepared };
      await this.#folder.write(() => this.#problem.save!(this.#folder.file(name), found));
      return;
    }
    const text = JSON.stringify({ parameters: [...parameters], ...facts }, null, 2);
    await this.#folder.writeFile(`${name}.json`, `${text}\n`);
  }

  #work(name: string) {
    const { evaluator, signal, search } = this.#options;
    const { evaluationsPerSlice = 12 } = search;
    const { prepared, strategy } = this.#state;
    const { generation } = strategy;
    const common = { problem: this.#problem, evaluator, name, generation, prepared, signal };
    return { ...common, evaluationsPerSlice };
  }

  async #sliceDone(part: number): Promise<void> {
    await this.#folder.saveState(this.#state);
    const { stage, generationInStage } = this.#state;
    const generations = this.#problem.stages.map((each) => each.generations);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const done = sum(generations.slice(0, stage)) + generationInStage + part;
    this.#options.onProgress?.({ stage: 'generations', done, total: sum(generations) });
  }

  /** The same units for every validation of a stage, and for every run. */
  async #validationOf(stage: S): Promise<Validation<Unit, Score>> {
    const { stage: number } = this.#state;
    if (this.#validation?.stage !== number) {
      const units = await this.#problem.validationUnits(stage);
      this.#validation = { stage: number, units, baselines: null };
    }
    return this.#validation;
  }
}

/** The units of a stage's validations, and how the baselines do on them. */
interface Validation<Unit, Score> {
  readonly stage: number;
  readonly units: readonly Unit[];
  baselines: BaselineScores<Score> | null;
}

interface Validated {
  readonly judgement: Judgement;
  readonly isBest: boolean;
}

function recordOf({ judgement, isBest }: Validated): ValidationRecord {
  const { fitness, shortfall = 0, measures = {}, tasks = {} } = judgement;
  return { fitness, shortfall, measures, tasks, isBest };
}
