import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import { mean } from '@namm/statistics';
import { createContender } from './create-contender.js';
import { type EvaluationPlan, planEvaluation } from './evaluation-plan.js';
import { EvaluationStore } from './evaluation-store.js';
import type { MemoryContender } from './memory-contender.js';
import { type RunEvaluationOptions, runEvaluation } from './run-evaluation.js';

/** An agent in an environment: a column of the table. */
export interface ControlTask {
  /** Also the name of its folder. */
  readonly name: string;
  /** Folder of a Decision Transformer with an `agent.json` that says how to use it. */
  readonly agent: string;
  /** @defaultValue that of `agent.json` */
  readonly environment?: EnvironmentSettings;
}

/** Options of {@link ControlTable}. */
export interface ControlTableOptions {
  /** Folder of the run; episodes that it contains are not played again. */
  readonly folder: string;
  /** At least one, each with a name of its own. */
  readonly tasks: readonly ControlTask[];
  /** The rows of a task; a row must have the same name in every task. */
  readonly contenders: (task: ControlTask) => Promise<readonly MemoryContender[]>;
  /** Episodes of each row of each task. */
  readonly episodes: number;
  /** Seed of the first episode; each further episode takes the next seed. @defaultValue 0 */
  readonly seed?: number;
  /**
   * Window lengths to try. Each task gets one more row with the window that is best on `validationEpisodes` other
   * episodes. @defaultValue none
   */
  readonly windows?: readonly number[];
  /** Episodes of each of `windows`. @defaultValue 20 */
  readonly validationEpisodes?: number;
}

/** A task of the table, planned as far as possible. */
export interface PlannedTask {
  readonly task: ControlTask;
  readonly plan: EvaluationPlan;
  /** Steps of the window that was best on other episodes; null if not known yet. */
  readonly bestWindow: number | null;
}

/** Seeds of validation begin here: far from those of the table. */
const validationSeed = 1_000_000_000;
const validationFolder = 'validation';

/**
 * Compares the same kinds of memory on agents in many tasks. Each task is a separate evaluation in a subfolder named
 * after it, so a run resumes after any interruption, and tasks, rows and episodes can be added later.
 *
 * @example
 * ```ts
 * const table = new ControlTable({ folder: 'runs/table', tasks, contenders, episodes: 100, windows: [1, 5, 20] });
 * await table.run();
 * const summary = await summariseTable(table);
 * ```
 */
export class ControlTable {
  readonly options: ControlTableOptions;

  /** @throws {InvalidArgumentError} naming the invalid option */
  constructor(options: ControlTableOptions) {
    checkNames('ControlTable', options, [
      ...(['folder', 'tasks', 'contenders', 'episodes', 'seed'] as const),
      ...(['windows', 'validationEpisodes'] as const),
    ]);
    const { tasks, episodes, seed = 0, windows = [], validationEpisodes = 20 } = options;
    if (tasks.length === 0) throw new InvalidArgumentError('tasks', 'there are none');
    const names = tasks.map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      if (!/^[\w.-]*\w[\w.-]*$/.test(name) || name === validationFolder) {
        throw new InvalidArgumentError('tasks', `'${name}' is not a name for a folder`);
      }
      if (names.indexOf(name) < i) {
        throw new InvalidArgumentError('tasks', `'${name}' appears twice`);
      }
    }
    checkInteger('episodes', episodes, 1);
    checkInteger('seed', seed, 0);
    if (seed + episodes > validationSeed) {
      throw new InvalidArgumentError('seed', `${seed} is not below ${validationSeed - episodes}`);
    }
    checkInteger('validationEpisodes', validationEpisodes, 1);
    for (const steps of windows) checkInteger('windows', steps, 1);
    this.options = options;
  }

  /**
   * Plays the missing episodes, task after task.
   *
   * @throws {InvalidArgumentError} when a task or row is invalid. This is thrown before anything is played, except if a
   *   task's model does not support a row
   * @throws the reason of the signal, when it stops
   */
  async run(options: RunEvaluationOptions = {}): Promise<void> {
    const { signal, onProgress } = checkNames('run', options, ['signal', 'onProgress']);
    const { tasks, windows = [] } = this.options;
    for (const task of tasks) await this.plan(task); // all, before hours go by
    for (const task of tasks) {
      const stage = (name: string): ProgressListener | undefined =>
        onProgress && (({ done, total }) => onProgress({ stage: name, done, total }));
      const play = async (plan: EvaluationPlan, folder: string, name: string) => {
        const store = await EvaluationStore.open(folder, plan);
        const told = stage(name);
        try {
          await runEvaluation(plan, store, {
            ...(signal && { signal }),
            ...(told && { onProgress: told }),
          });
        } finally {
          await store.close();
        }
      };
      const folder = this.folderOf(task);
      if (windows.length > 0) {
        const plan = await this.#validationPlan(task);
        await play(plan, join(folder, validationFolder), `${task.name}, windows`);
      }
      await play((await this.plan(task)).plan, folder, task.name);
    }
  }

  folderOf({ name }: ControlTask): string {
    return join(this.options.folder, name);
  }

  /** The rows of a task, with its best window once that is known. */
  async plan(task: ControlTask): Promise<PlannedTask> {
    const { episodes, seed = 0, windows = [] } = this.options;
    const { agent, environment } = task;
    const contenders = [...(await this.options.contenders(task))];
    const bestWindow = windows.length > 0 ? await this.#bestWindow(task) : null;
    const name = `window:${bestWindow}`;
    if (bestWindow !== null && !contenders.some((contender) => contender.name === name)) {
      contenders.push(await createContender(name));
    }
    const plan = await planEvaluation({
      ...{ agent, contenders, episodes, seed },
      ...(environment && { environment }),
    });
    return { task, plan, bestWindow };
  }

  async #validationPlan({ agent, environment }: ControlTask): Promise<EvaluationPlan> {
    const { windows = [], validationEpisodes = 20 } = this.options;
    const names = [...new Set(windows)].map((steps) => `window:${steps}`);
    return planEvaluation({
      ...{ agent, episodes: validationEpisodes, seed: validationSeed },
      contenders: await Promise.all(names.map((each) => createContender(each))),
      ...(environment && { environment }),
    });
  }

  /** The highest mean return; of equals, the shortest. Null while an episode is missing. */
  async #bestWindow(task: ControlTask): Promise<number | null> {
    const folder = join(this.folderOf(task), validationFolder);
    const isThere = await access(folder).then(...[true, false].map((there) => () => there));
    if (!isThere) return null;
    const plan = await this.#validationPlan(task);
    const store = await EvaluationStore.open(folder, plan);
    await store.close();
    const scored = plan.contenders.map((contender) => {
      const records = plan.seeds.map((seed) => store.record(contender, seed));
      const returns = records.flatMap((record) =>
        record && record.end !== 'failed' ? record.return : [],
      );
      const complete = !records.includes(undefined);
      const score = returns.length === 0 ? Number.NEGATIVE_INFINITY : mean(returns);
      return { steps: contender.window!, score, complete };
    });
    if (scored.some(({ complete }) => !complete)) return null;
    scored.sort((a, b) => b.score - a.score || a.steps - b.steps);
    return scored[0]!.steps;
  }
}
