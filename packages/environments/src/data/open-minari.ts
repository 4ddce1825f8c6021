import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import type { Episode, EpisodeSource } from '../contracts/episode-source.js';
import { H5File } from './h5-file.js';
import { checkShape } from './open-d4rl.js';

/**
 * A Minari data set: its folder, with `data/main_data.hdf5` in it, or that file. Each episode is a group
 * `episode_N` with one observation more than actions.
 *
 * @throws {FileFormatError} naming file, key and sizes: a folder without the file, no whole HDF5 file, a key
 *   that lacks, lengths that differ, observations that are not plain rows
 * @throws {NammError} `MISSING_PACKAGE` when h5wasm is not installed
 *
 * @example
 * ```ts
 * const source = await openMinari('mujoco/hopper/medium-v0');
 * ```
 */
export async function openMinari(path: string): Promise<EpisodeSource> {
  const found = await stat(path).catch((cause) => {
    throw new FileFormatError(path, 'cannot be read', { cause });
  });
  const file = await H5File.open(found.isFile() ? path : await dataFileOf(path));
  try {
    return new MinariSource(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function dataFileOf(folder: string): Promise<string> {
  const file = join(folder, 'data', 'main_data.hdf5');
  if (await stat(file).catch(() => null)) return file;
  const problem = `lacks data/main_data.hdf5: no Minari data set in HDF5 (those in Arrow files are not read)`;
  throw new FileFormatError(folder, problem);
}

class MinariSource implements EpisodeSource {
  readonly path: string;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly steps: number;
  readonly #file: H5File;
  readonly #groups: readonly string[];

  constructor(file: H5File) {
    this.path = file.path;
    this.#file = file;
    const numbered = file.keys().flatMap((name) => {
      const number = /^episode_(\d+)$/.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    });
    this.#groups = numbered.sort((a, b) => a.number - b.number).map(({ name }) => name);
    if (this.#groups.length === 0) {
      const problem = `has no group episode_0; it has ${file.keys().join(', ') || 'nothing'}`;
      throw new FileFormatError(file.path, problem, { details: { key: 'episode_0' } });
    }
    const promised = file.numberAttribute('/', 'total_episodes');
    if (promised !== null && promised !== this.#groups.length) {
      const problem = `total_episodes says ${promised}, and there are ${this.#groups.length}`;
      throw new FileFormatError(file.path, problem, { details: { key: 'total_episodes' } });
    }
    let steps = 0;
    for (const group of this.#groups) steps += this.#array(group, 'rewards').rows;
    this.steps = steps;
    this.observationSize = this.#array(this.#groups[0]!, 'observations').width;
    this.actionSize = this.#array(this.#groups[0]!, 'actions').width;
  }

  async *episodes(): AsyncIterable<Episode> {
    for (const [index, group] of this.#groups.entries()) {
      const rewards = this.#array(group, 'rewards');
      const length = rewards.rows;
      const observations = this.#array(group, 'observations');
      const actions = this.#array(group, 'actions');
      const terminations = this.#array(group, 'terminations');
      const truncations = this.#array(group, 'truncations');
      checkShape(this.path, observations, 2, length + 1);
      checkShape(this.path, actions, 2, length);
      for (const array of [rewards, terminations, truncations])
        checkShape(this.path, array, 1, length);
      this.#checkWidth(observations, this.observationSize);
      this.#checkWidth(actions, this.actionSize);
      if (length === 0)
        throw new FileFormatError(this.path, `${group} has no step`, { details: { key: group } });
      const last = length - 1;
      const ended = terminations.at(last) !== 0 ? 'terminated' : 'truncated';
      yield {
        index,
        length,
        observations: observations.read(0, length),
        actions: actions.read(0, length),
        rewards: rewards.read(0, length),
        finalObservation: observations.read(length, length + 1),
        end: ended === 'truncated' && truncations.at(last) === 0 ? 'cut' : ended,
      };
    }
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #array(group: string, name: string) {
    return this.#file.dataset(`${group}/${name}`);
  }

  #checkWidth({ key, width }: { key: string; width: number }, expected: number): void {
    if (width === expected) return;
    const problem = `${key} has ${width} numbers in a row where the first episode has ${expected}`;
    throw new FileFormatError(this.path, problem, { details: { key } });
  }
}
