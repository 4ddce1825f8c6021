import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileFormatError,
  InvalidArgumentError,
  parseSealedJson,
  sealedJson,
  writeFileAtomic,
} from '@namm/core';
import type { EnvironmentSettings } from '../create-environment.js';
import type { EpisodeSummary } from '../summarise-episodes.js';
import type { LinearPolicy } from './linear-policy.js';

/** All that determines a run, and so every number in its folder. */
export interface ArsSettings {
  readonly environment: EnvironmentSettings;
  readonly seed: number;
  readonly stepSize: number;
  readonly noise: number;
  readonly directions: number;
  readonly best: number;
  readonly shift: number;
  readonly evaluateEvery: number;
  readonly evaluationEpisodes: number;
}

/** The state after an iteration; iteration 0 is the start. */
export interface ArsIteration {
  readonly iteration: number;
  /** Steps of the environment in all iterations so far, evaluations apart. */
  readonly steps: number;
  /** Episodes of this iteration whose simulation broke down. */
  readonly failed: number;
  readonly policy: LinearPolicy;
  readonly evaluation: EpisodeSummary | null;
}

const fileOf = (iteration: number) => `iteration-${String(iteration).padStart(6, '0')}.json`;

/**
 * The folder of a run: its settings, and a file for each iteration, so that a run goes on where it ended and
 * every episode of it can be simulated again.
 */
export class ArsRun {
  readonly folder: string;
  readonly settings: ArsSettings;
  /** The last finished iteration. */
  readonly last: number;

  private constructor(folder: string, settings: ArsSettings, last: number) {
    this.folder = folder;
    this.settings = settings;
    this.last = last;
  }

  /** @throws {FileFormatError} when there is no run in the folder, or a file of it is damaged */
  static async open(folder: string): Promise<ArsRun> {
    const path = join(folder, 'run.json');
    const settings = (await readJson(path)) as ArsSettings;
    const complete =
      typeof settings.environment?.name === 'string' &&
      [settings.seed, settings.directions, settings.best].every(Number.isSafeInteger);
    if (!complete) throw new FileFormatError(path, 'does not hold the settings of a run');
    const found = new Set(await readdir(folder));
    if (!found.has(fileOf(0))) throw new FileFormatError(folder, `lacks ${fileOf(0)}`);
    let last = 0;
    while (found.has(fileOf(last + 1))) last++;
    return new ArsRun(folder, settings, last);
  }

  /**
   * A new run, or the one that is in the folder.
   * @throws {InvalidArgumentError} when a run with other settings is there
   */
  static async create(folder: string, settings: ArsSettings, start: LinearPolicy): Promise<ArsRun> {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).includes('run.json')) {
      const run = await ArsRun.open(folder);
      const [there, wanted] = [JSON.stringify(run.settings), JSON.stringify(settings)];
      if (there === wanted) return run;
      throw new InvalidArgumentError(
        'folder',
        `${folder} holds a run with other settings: ${there}`,
      );
    }
    const run = new ArsRun(folder, settings, 0);
    const first = { iteration: 0, steps: 0, failed: 0, policy: start, evaluation: null };
    await run.write(first);
    await writeFileAtomic(join(folder, 'run.json'), `${sealedJson(settings)}\n`);
    return run;
  }

  write(state: ArsIteration): Promise<void> {
    return writeFileAtomic(join(this.folder, fileOf(state.iteration)), `${sealedJson(state)}\n`);
  }

  /** @throws {FileFormatError} when there is no such iteration or its file is damaged */
  async read(iteration: number): Promise<ArsIteration> {
    const path = join(this.folder, fileOf(iteration));
    const state = (await readJson(path)) as ArsIteration;
    const { weights, moments } = state.policy ?? {};
    const numbers = [weights, moments?.mean, moments?.squares];
    const sound =
      state.iteration === iteration &&
      numbers.every((list) => Array.isArray(list) && list.every(Number.isFinite)) &&
      moments!.mean.length === moments!.squares.length;
    if (!sound) throw new FileFormatError(path, 'does not hold an iteration of a run');
    return state;
  }

  /** The iterations that were evaluated, with the episodes that did not fail. */
  async evaluations(): Promise<(ArsIteration & { readonly evaluation: EpisodeSummary })[]> {
    const found = [];
    for (let i = 0; i <= this.last; i++) {
      const { evaluation, ...state } = await this.read(i);
      if (evaluation && evaluation.meanReturn !== null) found.push({ ...state, evaluation });
    }
    return found;
  }
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new FileFormatError(path, 'cannot be read', { cause });
  }
  try {
    const value = parseSealedJson(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new FileFormatError(path, `is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new FileFormatError(path, 'is not a JSON object');
}
