import { checkNames, InvalidArgumentError } from '@namm/core';
import type { BudgetInput } from '@namm/kv-cache';
import { calibratedNames, calibratedNamm, nammCheckpoints } from '@namm/models';
import { readCheckpoint, shareNormaliser, withRandomParameters } from '@namm/namm';
import type { ControlTask } from './control-table.js';
import { type ContenderOptions, createContender } from './create-contender.js';
import type { MemoryContender } from './memory-contender.js';
import { nammMemoryContender } from './namm-memory-contender.js';

/**
 * A language model's NAMM: unchanged, with random weights, and calibrated for a task. Further names for
 * {@link tableContenders}.
 */
export const languageNammNames: readonly string[] = [
  'namm-frozen',
  'namm-random',
  'namm-calibrated',
];

/** A NAMM that is a row of a table, called `namm-NAME`. */
export interface NamedNamm {
  readonly name: string;
  /** Its file, in which `{agent}` stands for the folder of a task's agent and `{task}` for the task's name. */
  readonly file: string;
}

/** Rows of a table. */
export interface TableContenderOptions {
  /** Names that {@link createContender} knows, or of {@link languageNammNames}. */
  readonly policies: readonly string[];
  /** More rows. @defaultValue none */
  readonly namms?: readonly NamedNamm[];
  /** File of the NAMM behind `namm-frozen` and `namm-random`. @defaultValue that of nano-llama */
  readonly languageNamm?: string | undefined;
  /** Budget of policies, and the limit of a NAMM. */
  readonly budget: BudgetInput;
  /** Tokens between a NAMM's decisions. */
  readonly updateInterval: number;
  /** Makes a row from a name. @defaultValue `createContender` */
  readonly contender?: (name: string, options: ContenderOptions) => Promise<MemoryContender>;
}

/**
 * The rows of one task in a table over many tasks.
 *
 * @param task task whose agent and name are inserted into file names
 * @returns first the named policies, then the NAMMs; `namm-calibrated` only for tasks that have a bundled one
 * @throws {InvalidArgumentError} for an unknown name or an invalid budget
 * @throws {FileFormatError} when a NAMM's file is not a checkpoint
 *
 * @example
 * ```ts
 * const rows = { policies: ['full', 'h2o', 'namm-frozen'], budget: '50%', updateInterval: 48 };
 * const table = new ControlTable({ …, contenders: (task) => tableContenders(task, rows) });
 * ```
 */
export async function tableContenders(
  task: ControlTask,
  options: TableContenderOptions,
): Promise<MemoryContender[]> {
  const {
    policies,
    namms = [],
    languageNamm,
    budget,
    updateInterval,
  } = checkNames('tableContenders', options, [
    ...(['policies', 'namms', 'languageNamm', 'budget', 'updateInterval', 'contender'] as const),
  ]);
  const { contender = createContender } = options;
  const limits = { budget, updateInterval };
  const rows: MemoryContender[] = [];
  for (const name of policies) {
    if (!languageNammNames.includes(name)) {
      rows.push(await contender(name, { budget }));
      continue;
    }
    if (name === 'namm-calibrated') {
      const calibrated = calibratedNames.find((known) => known === task.name);
      if (calibrated === undefined) continue;
      const checkpoint = await readCheckpoint(calibratedNamm(calibrated));
      rows.push(nammMemoryContender(name, checkpoint, limits));
      continue;
    }
    const file = languageNamm ?? (nammCheckpoints('nano-llama')[0] as string);
    const frozen = shareNormaliser(await readCheckpoint(file));
    const checkpoint = name === 'namm-random' ? withRandomParameters(frozen, 0) : frozen;
    rows.push(nammMemoryContender(name, checkpoint, limits));
  }
  for (const { name, file } of namms) {
    const path = file.replaceAll('{agent}', task.agent).replaceAll('{task}', task.name);
    rows.push(nammMemoryContender(`namm-${name}`, await readCheckpoint(path), limits));
  }
  return rows;
}

/**
 * Reads `NAME=FILE`.
 *
 * @throws {InvalidArgumentError} when the text has another form
 */
export function parseNamedNamm(text: string): NamedNamm {
  const [name = '', ...rest] = text.split('=');
  const file = rest.join('=');
  if (!/^[\w.-]+$/.test(name) || file.trim() === '') {
    throw new InvalidArgumentError('namms', `'${text}' is not of the form NAME=FILE`);
  }
  return { name, file };
}
