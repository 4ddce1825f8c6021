import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '@namm/core';
import { type NammCheckpoint, writeCheckpoint } from '@namm/namm';
import { RunFolderError } from './errors.js';
import type { EvolutionSettings, Stage } from './evolution-settings.js';
import type { GenerationRecord } from './generation-record.js';
import { type RunState, readRunState, writeRunState } from './run-state.js';

const problems: Readonly<Record<string, string>> = {
  ENOSPC:
    'there is no space left on its disk; make room and start again: what was saved before stands',
  EACCES: 'may not be written by this user',
  EROFS: 'is on a disk that cannot be written to',
  ENOTDIR: 'lies below something that is no folder',
  EEXIST: 'is no folder',
};

/** The files of a run: settings, state, log, checkpoints. */
export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws {RunFolderError} when it cannot be made */
  static async open(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path);
    await folder.#write(() => mkdir(path, { recursive: true }));
    return folder;
  }

  /**
   * Notes the settings of a new run, or compares them with those of the run that is there. Stages that are not
   * over may get other numbers of generations, and stages may be added.
   *
   * @returns the state to go on from; null for a new run
   * @throws {RunFolderError} when the run has other settings
   * @throws {FileFormatError} when its files are damaged
   */
  async begin(settings: EvolutionSettings): Promise<RunState | null> {
    const plain: EvolutionSettings = JSON.parse(JSON.stringify(settings));
    const saved = await this.#readOrNull('settings.json');
    const hasState = (await this.#readOrNull('state.safetensors')) !== null;
    if (saved !== null && hasState) {
      const state = await readRunState(this.#file('state.safetensors'));
      const found = parse(this.path, saved);
      if (state.stage >= found.stages.length) {
        throw new RunFolderError(this.path, 'has a state that is not of its settings.json');
      }
      const differing = differingSettings(found, plain, state);
      if (differing.length > 0) {
        const what = differing.map((name) => describe(name, found, plain)).join('; ');
        const advice = 'give those settings, or another folder';
        throw new RunFolderError(this.path, `holds a run of other settings: ${what}; ${advice}`);
      }
      await this.writeFile('settings.json', `${JSON.stringify(plain, null, 2)}\n`);
      return state;
    }
    await this.writeFile('settings.json', `${JSON.stringify(plain, null, 2)}\n`);
    return null;
  }

  /** @throws {RunFolderError} when it cannot be written; the state saved before then stands */
  async saveState(state: RunState): Promise<void> {
    await this.#write(() => writeRunState(this.#file('state.safetensors'), state));
  }

  async saveCheckpoint(name: string, checkpoint: NammCheckpoint): Promise<void> {
    await this.#write(() => writeCheckpoint(this.#file(name), checkpoint));
  }

  async writeFile(name: string, text: string): Promise<void> {
    await this.#write(() => writeFileAtomic(this.#file(name), text));
  }

  async log(record: GenerationRecord): Promise<void> {
    await this.#write(() => appendFile(this.#file('log.jsonl'), `${JSON.stringify(record)}\n`));
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
    try {
      return lines.map((line) => JSON.parse(line) as GenerationRecord);
    } catch (cause) {
      throw new RunFolderError(this.path, 'has a log.jsonl that is no JSON; remove it', { cause });
    }
  }

  async #readOrNull(name: string): Promise<string | null> {
    try {
      return await readFile(this.#file(name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new RunFolderError(this.path, `${name} cannot be read (${String(cause)})`, { cause });
    }
  }

  async #write(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
      const problem = problems[code] ?? `cannot be written (${String(cause)})`;
      throw new RunFolderError(this.path, problem, { cause });
    }
  }

  #file(name: string): string {
    return join(this.path, name);
  }
}

function parse(folder: string, text: string): EvolutionSettings {
  try {
    return JSON.parse(text) as EvolutionSettings;
  } catch (cause) {
    throw new RunFolderError(folder, 'its settings.json is no JSON', { cause });
  }
}

/** Names of settings that cannot be what the run was computed with so far. */
function differingSettings(
  saved: EvolutionSettings,
  given: EvolutionSettings,
  { stage, generationInStage }: RunState,
): string[] {
  const names = Object.keys(saved) as (keyof EvolutionSettings)[];
  const differing = names.filter(
    (name) => name !== 'stages' && !isDeepStrictEqual(given[name], saved[name]),
  );
  const begun = (stages: readonly Stage[]) =>
    stages.slice(0, stage + 1).map((each, index) => ({
      ...each,
      generations: index < stage ? each.generations : null,
    }));
  const isSame = isDeepStrictEqual(begun(saved.stages), begun(given.stages));
  const isOver = (given.stages[stage]?.generations ?? 0) < generationInStage;
  return isSame && !isOver ? differing : [...differing, 'stages'];
}

function describe(name: string, saved: EvolutionSettings, given: EvolutionSettings): string {
  const shown = (settings: EvolutionSettings) => {
    const text = JSON.stringify(settings[name as keyof EvolutionSettings]);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  };
  return `${name} (there: ${shown(saved)}, given: ${shown(given)})`;
}
