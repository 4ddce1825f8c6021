import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sealedJson, writeFileAtomic } from '@namm/core';
import * as z from '@namm/core/schema';
import type { Stage } from '../problem.js';
import { RunFolderError } from './errors.js';
import { type GenerationRecord, generationRecordSchema } from './generation-record.js';
import { parseJson } from './parse-json.js';
import { type RunState, readRunState, writeRunState } from './run-state.js';

const problems: Readonly<Record<string, string>> = {
  ENOSPC:
    'there is no space left on its disk; make room and start again: what was saved before stands',
  EACCES: 'may not be written by this user',
  EROFS: 'is on a disk that cannot be written to',
  ENOTDIR: 'lies below something that is not a folder',
  EEXIST: 'is not a folder',
};

/** What a run is computed from, as it stands in `settings.json`. */
export interface RunSettings {
  /** The evaluator's version. */
  readonly evaluator: string;
  readonly search: Readonly<Record<string, unknown>>;
  readonly stages: readonly Stage[];
  /** The problem's settings. */
  readonly problem: Readonly<Record<string, unknown>>;
}

const version = 2;

const settingsSchema: z.ZodType<RunSettings> = z.object({
  ...{ format: z.literal('namm-evolution'), version: z.literal(version), evaluator: z.string() },
  search: z.record(z.string(), z.unknown()),
  stages: z.array(z.looseObject({ generations: z.int().check(z.positive()) })),
  problem: z.record(z.string(), z.unknown()),
});

/** The files of a run: settings, state, log, what was found. */
export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws {RunFolderError} when it cannot be made */
  static async open(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path);
    await folder.write(() => mkdir(path, { recursive: true }));
    return folder;
  }

  /**
   * Notes the settings of a new run, or compares them with those of the run that is there. Stages that are not
   * over may get other numbers of generations, and stages may be added.
   *
   * @param isScore of the problem
   * @returns the state to go on from; null for a new run
   * @throws {RunFolderError} when the run has other settings, or was made by another version
   * @throws {FileFormatError} when its files are damaged
   */
  async begin<Score>(
    settings: RunSettings,
    isScore: (value: unknown) => value is Score,
  ): Promise<RunState<Score> | null> {
    const text = `${JSON.stringify({ format: 'namm-evolution', version, ...settings }, null, 2)}\n`;
    const given = this.#parseSettings(text);
    const saved = await this.#readOrNull('settings.json');
    const hasState = (await this.#readOrNull('state.safetensors')) !== null;
    if (saved === null || !hasState) {
      await this.writeFile('settings.json', text);
      return null;
    }
    const found = this.#parseSettings(saved);
    const state = await readRunState(this.file('state.safetensors'), isScore);
    if (state.stage >= found.stages.length) {
      throw new RunFolderError(this.path, 'has a state that is not of its settings.json');
    }
    const differing = differences(found, given, state);
    if (differing.length > 0) {
      const advice = 'give those settings, or another folder';
      const problem = `holds a run of other settings: ${differing.join('; ')}; ${advice}`;
      throw new RunFolderError(this.path, problem);
    }
    await this.writeFile('settings.json', text);
    return state;
  }

  /** @throws {RunFolderError} when it cannot be written; the state saved before then stands */
  async saveState(state: RunState<unknown>): Promise<void> {
    await this.write(() => writeRunState(this.file('state.safetensors'), state));
  }

  /** Writes a file of the run, atomically. */
  async writeFile(name: string, text: string): Promise<void> {
    await this.write(() => writeFileAtomic(this.file(name), text));
  }

  /** Adds a line to the log. */
  async log(record: GenerationRecord): Promise<void> {
    await this.write(() => appendFile(this.file('log.jsonl'), `${sealedJson(record)}\n`));
  }

  /** The first lines of the log, as many as its state knows of; what follows goes from the file. */
  async readLog(count: number): Promise<GenerationRecord[]> {
    const text = (await this.#readOrNull('log.jsonl')) ?? '';
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, count);
    const known = lines.map((line) => `${line}\n`).join('');
    if (known !== text) await this.writeFile('log.jsonl', known);
    return lines.map((line, i) =>
      parseJson(line, generationRecordSchema, (problem, cause) => {
        const what = `line ${i + 1} of its log.jsonl ${problem}; remove the file`;
        return new RunFolderError(this.path, what, cause);
      }),
    );
  }

  /**
   * Does something that writes to the folder.
   *
   * @throws {RunFolderError} saying why it could not
   */
  async write(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
      const problem = problems[code] ?? `cannot be written (${String(cause)})`;
      throw new RunFolderError(this.path, problem, { cause });
    }
  }

  #parseSettings(text: string): RunSettings {
    return parseJson(text, settingsSchema, (problem, cause) => {
      const advice = `runs of other versions than ${version} cannot go on: start one in another folder, from its mean`;
      return new RunFolderError(this.path, `its settings.json ${problem}; ${advice}`, cause);
    });
  }

  async #readOrNull(name: string): Promise<string | null> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new RunFolderError(this.path, `${name} cannot be read (${String(cause)})`, { cause });
    }
  }

  /** The path of a file of the run. */
  file(name: string): string {
    return join(this.path, name);
  }
}

/** Settings that cannot be what the run was computed with so far, with what they are here and there. */
function differences(
  saved: RunSettings,
  given: RunSettings,
  { stage, generationInStage }: RunState<unknown>,
): string[] {
  const compare = (old: Readonly<Record<string, unknown>>, own: typeof old) =>
    [...new Set([...Object.keys(old), ...Object.keys(own)])]
      .filter((name) => !isDeepStrictEqual(old[name], own[name]))
      .map((name) => describe(name, old[name], own[name]));
  const differing = [
    ...compare({ evaluator: saved.evaluator }, { evaluator: given.evaluator }),
    ...compare(saved.search, given.search),
    ...compare(saved.problem, given.problem),
  ];
  const begun = (stages: readonly Stage[]) =>
    stages.slice(0, stage + 1).map((each, index) => ({
      ...each,
      generations: index < stage ? each.generations : null,
    }));
  const isSame = isDeepStrictEqual(begun(saved.stages), begun(given.stages));
  const isOver = (given.stages[stage]?.generations ?? 0) < generationInStage;
  return isSame && !isOver
    ? differing
    : [...differing, describe('stages', saved.stages, given.stages)];
}

function describe(name: string, saved: unknown, given: unknown): string {
  const shown = (value: unknown) => {
    const text = JSON.stringify(value) ?? 'none';
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  };
  return `${name} (there: ${shown(saved)}, given: ${shown(given)})`;
}
