import { basename } from 'node:path';
import type { PreparedSample } from '@namm/benchmarks';
import type { Candidate } from '@namm/cma-es';
import type { ProgressListener } from '@namm/core';
import type { Evaluator, FailedScore, MemberScore } from './evaluation/evaluator.js';
import type { PromptSource } from './evaluation/prompt-source.js';
import { EvaluationError } from './run/errors.js';
import { evolutionReport } from './run/evolution-report.js';
import { checkSettings, type EvolutionSettings, type Stage } from './run/evolution-settings.js';
import type { GenerationRecord, ValidationRecord } from './run/generation-record.js';
import { newRunState } from './run/new-run-state.js';
import { promptsOf } from './run/prompts-of.js';
import { RunFolder } from './run/run-folder.js';
import { lockRun } from './run/run-lock.js';
import type { RunState } from './run/run-state.js';
import { type ScoredMembers, scoreMembers } from './run/score-members.js';
import { createTrainable } from './trainables/create-trainable.js';
import type { Trainable } from './trainables/trainable.js';

/** What {@link evolve} works with, beside the settings. */
export interface EvolveOptions {
  /** The run's folder: made if it does not exist, continued if it holds a run of these settings. */
  readonly folder: string;
  readonly settings: EvolutionSettings;
  readonly evaluator: Evaluator;
  readonly prompts: PromptSource;
  /** Stage `evaluations`: of members on prompts, in all stages. */
  readonly onProgress?: ProgressListener;
  /** Told after each generation, when its state is saved. */
  readonly onGeneration?: (record: GenerationRecord) => void;
  /** Stops the run after the slices under way; their results are saved. */
  readonly signal?: AbortSignal;
  /** Milliseconds, for the log. */
  readonly clock?: () => number;
  /** Facts for the provenance of checkpoints. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/** What {@link evolve} comes back with. */
export interface EvolveResult {
  /** False when it was stopped before the last generation. */
  readonly isComplete: boolean;
  /** Mean of the distribution. */
  readonly mean: Float64Array;
  /** The mean that did best on the validation prompts of the last stage; of equal ones, that which keeps less. */
  readonly best: { readonly generation: number; readonly parameters: Float64Array } | null;
}

/**
 * Evolves an eviction policy in a folder, or goes on with the run that is there. Everything follows from
 * settings and prompts: a run that was stopped or killed and continued gives the same parameters, bit for
 * bit, as one that was not.
 *
 * @throws {InvalidArgumentError} for a setting that cannot be used
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @throws {EvaluationError} when no member of a generation could be evaluated
 */
export async function evolve(options: EvolveOptions): Promise<EvolveResult> {
  checkSettings(options.settings);
  const folder = await RunFolder.open(options.folder);
  const unlock = await lockRun(options.folder);
  try {
    const found = await folder.begin(options.settings);
    const state = found ?? (await newRunState(options));
    if (found === null) await folder.saveState(state);
    const records = await folder.readLog(found === null ? 0 : found.logged);
    return await new Evolution(options, folder, state, records).run();
  } finally {
    await unlock();
  }
}

/** One run in progress. */
class Evolution {
  readonly #options: EvolveOptions;
  readonly #settings: EvolutionSettings;
  readonly #folder: RunFolder;
  readonly #state: RunState;
  readonly #trainable: Trainable;
  readonly #records: GenerationRecord[];
  #validation: Validation | null = null;

  constructor(
    options: EvolveOptions,
    folder: RunFolder,
    state: RunState,
    records: GenerationRecord[],
  ) {
    this.#options = options;
    this.#settings = options.settings;
    this.#folder = folder;
    this.#state = state;
    this.#records = records;
    this.#trainable = createTrainable(options.settings.trainable, state.normaliser);
  }

  async run(): Promise<EvolveResult> {
    const state = this.#state;
    const { stages } = this.#settings;
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
    return { isComplete: this.#isComplete, mean: strategy.mean, best };
  }

  get #isComplete(): boolean {
    const { stages } = this.#settings;
    const { stage, generationInStage } = this.#state;
    return stage === stages.length - 1 && generationInStage === stages[stage]!.generations;
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** A stage begins with what its mean is worth, so that the best mean is never worse than that. */
  async #validateStart(stage: Stage): Promise<void> {
    const validation = await this.#validate(stage);
    if (validation === null) return;
    const { generation, sigma } = this.#state.strategy;
    const nothing = { members: [], tasks: {}, tokens: 0, seconds: null };
    const { stage: number } = this.#state;
    await this.#finish({ generation, stage: number, sigma, ...nothing, validation });
  }

  async #generation(stage: Stage): Promise<void> {
    const { clock } = this.#options;
    const began = clock?.();
    const state = this.#state;
    const { strategy } = state;
    const { generation } = strategy;
    const { seed, fitness } = this.#settings;
    const candidates = strategy.ask({ reuse: true });
    const from = generation * stage.promptsPerTask;
    const texts = promptsOf(this.#options.prompts, stage, 'train', {
      ...{ seed, from, count: stage.promptsPerTask },
    });
    const scored = await scoreMembers({
      ...this.#work(texts),
      members: candidates.map(({ parameters }) => parameters),
      pending: state.pending,
      onSlice: () => this.#sliceDone(),
      fitness,
    });
    if (scored === null) return; // stopped
    await this.#tell(candidates, scored);
    state.pending.clear();
    state.generationInStage++;
    const isDue = state.generationInStage % this.#settings.validation.every === 0;
    const isLast = state.generationInStage === stage.generations;
    const validation = isDue || isLast ? await this.#validate(stage) : null;
    if (validation === null && this.#isStopped && (isDue || isLast)) return; // told again next time
    await this.#finish({
      ...{ generation: strategy.generation, stage: state.stage, sigma: strategy.sigma },
      members: scored.members.map((member) => ({
        fitness: finiteOrNull(member.fitness),
        keptShare: finiteOrNull(member.keptShare),
        keptAtAnswer: finiteOrNull(member.keptAtAnswer),
      })),
      ...{ tasks: scored.tasks, tokens: scored.tokens, validation },
      seconds: clock && began !== undefined ? (clock() - began) / 1000 : null,
    });
  }

  async #tell(
    candidates: readonly Candidate[],
    { members, firstFailure }: ScoredMembers,
  ): Promise<void> {
    const { strategy, pending } = this.#state;
    if (members.every(({ fitness }) => Number.isNaN(fitness))) {
      pending.clear(); // so that a run that goes on evaluates them anew
      await this.#folder.saveState(this.#state);
      throw new EvaluationError(strategy.generation, firstFailure ?? 'nothing');
    }
    strategy.tell(candidates.map(({ id }, i) => ({ id, fitness: members[i]!.fitness })));
  }

  /** @returns null when the run was stopped meanwhile */
  async #validate(stage: Stage): Promise<ValidationRecord | null> {
    const state = this.#state;
    const { strategy } = state;
    const parameters = strategy.mean;
    const validation = this.#validationOf(stage);
    const scored = await scoreMembers({
      ...this.#work(validation.prompts),
      ...(validation.full ? { full: validation.full } : {}),
      members: [parameters],
      pending: new Map(),
      onSlice: async () => {},
      fitness: this.#settings.fitness,
    });
    if (scored === null) return null;
    validation.full = scored.full;
    const { fitness, keptShare, keptAtAnswer, tasks } = scored.members[0]!;
    if (Number.isNaN(fitness)) {
      throw new EvaluationError(strategy.generation, scored.firstFailure ?? 'nothing');
    }
    const { best, stage: number } = state;
    const isBest =
      best?.stage !== number ||
      fitness > best.fitness ||
      (fitness === best.fitness && keptShare < best.keptShare);
    const { generation } = strategy;
    if (isBest) state.best = { generation, stage: number, fitness, keptShare, parameters };
    return { fitness, keptShare, keptAtAnswer, tasks, isBest };
  }

  /** The log first: a record without its state is dropped when the run goes on, the opposite would be a gap. */
  async #finish(record: GenerationRecord): Promise<void> {
    await this.#folder.log(record);
    const { validation } = record;
    const { strategy } = this.#state;
    if (validation?.isBest) await this.#saveCheckpoint('best', strategy.mean, record);
    if (validation) await this.#saveCheckpoint('mean', strategy.mean, record);
    this.#records.push(record);
    this.#state.logged = this.#records.length;
    await this.#folder.writeFile('report.html', evolutionReport(this.#settings, this.#records));
    await this.#folder.saveState(this.#state);
    this.#options.onGeneration?.(record);
  }

  async #saveCheckpoint(name: string, mean: Float64Array, record: GenerationRecord): Promise<void> {
    const { generation, validation } = record;
    const { start, model, ...settings } = this.#settings;
    const provenance = {
      ...this.#options.provenance,
      model: { ...model, folder: basename(model.folder) },
      ...{ generation, validation, settings },
      start: start && { checkpoint: basename(start.checkpoint), biasShift: start.biasShift },
    };
    const checkpoint = this.#trainable.checkpoint(mean, provenance);
    if (checkpoint) return this.#folder.saveCheckpoint(`${name}.safetensors`, checkpoint);
    const { settings: policy } = this.#trainable.policy(mean);
    const text = JSON.stringify({ policy, parameters: [...mean], provenance }, null, 2);
    await this.#folder.writeFile(`${name}.json`, `${text}\n`);
  }

  #work(prompts: readonly PreparedSample[]) {
    const { evaluator, signal } = this.#options;
    return { evaluator, signal, prompts, normaliser: this.#state.normaliser };
  }

  async #sliceDone(): Promise<void> {
    await this.#folder.saveState(this.#state);
    const { stages, populationSize } = this.#settings;
    const { stage, generationInStage, pending } = this.#state;
    const perGeneration = stages.map(
      ({ tasks, promptsPerTask }) => tasks.length * promptsPerTask * populationSize,
    );
    const all = stages.map(({ generations }, index) => generations * perGeneration[index]!);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const prompts = sum([...pending.values()].map(({ length }) => length));
    const done =
      sum(all.slice(0, stage)) +
      generationInStage * perGeneration[stage]! +
      prompts * populationSize;
    this.#options.onProgress?.({ stage: 'evaluations', done, total: sum(all) });
  }

  /** The same prompts for every validation of a stage, and for every run. */
  #validationOf(stage: Stage): Validation {
    const { stage: number } = this.#state;
    if (this.#validation?.stage !== number) {
      const place = { seed: 0, from: 0, count: this.#settings.validation.promptsPerTask };
      const prompts = promptsOf(this.#options.prompts, stage, 'development', place);
      this.#validation = { stage: number, prompts, full: null };
    }
    return this.#validation;
  }
}

/** The prompts of a stage's validations, and how the full cache answers them. */
interface Validation {
  readonly stage: number;
  readonly prompts: readonly PreparedSample[];
  full: readonly (MemberScore | FailedScore)[] | null;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
