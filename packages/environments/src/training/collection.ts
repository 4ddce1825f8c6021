import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentShape } from '../contracts/environment.js';
import type { EnvironmentSettings } from '../create-environment.js';
import type { DataSetInfo } from '../data/data-set.js';
import { openDataSet } from '../data/open-data-set.js';
import type { RecordedEpisode } from '../data/record-episode.js';
import { writeDataSet } from '../data/write-data-set.js';
import { EnvironmentError } from '../environment-error.js';
import type { EpisodeResult } from '../run-episode.js';

/** Episodes on their way into a data set. */
export class Collection {
  readonly #shape: EnvironmentShape;
  readonly #environment: EnvironmentSettings;
  readonly #episodes: RecordedEpisode[] = [];
  readonly #returns: number[] = [];
  #failed = 0;
  steps = 0;

  constructor(shape: EnvironmentShape, environment: EnvironmentSettings) {
    this.#shape = shape;
    this.#environment = environment;
  }

  /** Takes an episode in; one whose simulation broke down is counted. */
  add(result: EpisodeResult, recorded: RecordedEpisode | null): void {
    if (recorded === null) {
      this.#failed++;
      return;
    }
    this.#episodes.push(recorded);
    this.#returns.push(result.return);
    this.steps += recorded.length;
  }

  /**
   * Writes the file, named by the return that the data reach.
   * @throws {EnvironmentError} when there is no sound episode
   */
  async write(
    folder: string,
    { style, collected, seed }: { style: string; collected: string; seed: number },
  ): Promise<{ path: string; info: DataSetInfo }> {
    const { name, observationSize, actionSize, actions } = this.#shape;
    if (this.#episodes.length === 0) {
      throw new EnvironmentError(name, `no episode was collected; ${this.#failed} broke down`);
    }
    const mean = this.#returns.reduce((sum, value) => sum + value, 0) / this.#returns.length;
    // Whole numbers where returns are in the thousands, three digits where they are about 1.
    const reached = Math.abs(mean) >= 10 ? mean.toFixed(0) : mean.toFixed(3);
    let [minimum, maximum] = [this.#returns[0]!, this.#returns[0]!];
    for (const value of this.#returns) {
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
    }
    const info: DataSetInfo = {
      name: `${name}-${style}-${reached}`,
      environment: this.#environment,
      collected,
      seed,
      episodes: this.#episodes.length,
      steps: this.steps,
      failed: this.#failed,
      returns: { mean, minimum, maximum },
      observationSize,
      actionSize,
      actions,
    };
    await mkdir(folder, { recursive: true });
    const path = await freePath(folder, info);
    await writeDataSet(path, this.#episodes, info);
    return { path, info };
  }
}

/** The path of a data set; other data that reach the same return keep theirs. */
async function freePath(folder: string, info: DataSetInfo): Promise<string> {
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`;
    const path = join(folder, `${info.name}${suffix}.safetensors`);
    if (!(await stat(path).catch(() => null))) return path;
    const there = await openDataSet(path).catch(() => null);
    await there?.close();
    if (there && JSON.stringify(there.info) === JSON.stringify(info)) return path;
  }
}
