import { checkInteger, checkNames, FileFormatError } from '@namm/core';
import type { Episode, EpisodeSource } from '../contracts/episode-source.js';
import { H5File, type H5Numbers } from './h5-file.js';

export interface OpenD4rlOptions {
  /**
   * Steps after which an episode ends, for old files without `timeouts`.
   * @defaultValue none: a file without `timeouts` is refused
   */
  readonly horizon?: number;
}

/** No episode of D4RL is longer; a file whose flags are all zero would be one episode and fill the memory. */
const longestEpisode = 100_000;

/**
 * A D4RL file, such as `hopper-medium-v2.hdf5`: `observations`, `actions`, `rewards`, `terminals` and
 * `timeouts` of all steps one after the other. An episode ends with a step that has one of the two flags.
 *
 * @throws {FileFormatError} naming file, key and sizes: no whole HDF5 file, a key that lacks, lengths that differ
 * @throws {NammError} `MISSING_PACKAGE` when h5wasm is not installed
 *
 * @example
 * ```ts
 * const source = await openD4rl('hopper-medium-v2.hdf5');
 * for await (const episode of source.episodes()) console.log(episode.length);
 * await source.close();
 * ```
 */
export async function openD4rl(
  path: string,
  options: OpenD4rlOptions = {},
): Promise<EpisodeSource> {
  const { horizon } = checkNames('openD4rl', options, ['horizon']);
  if (horizon !== undefined) checkInteger('horizon', horizon, 1);
  const file = await H5File.open(path);
  try {
    return new D4rlSource(file, horizon ?? null);
  } catch (error) {
    file.close();
    throw error;
  }
}

class D4rlSource implements EpisodeSource {
  readonly path: string;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly steps: number;
  readonly #file: H5File;
  readonly #observations: H5Numbers;
  readonly #actions: H5Numbers;
  readonly #rewards: H5Numbers;
  readonly #terminals: H5Numbers;
  readonly #timeouts: H5Numbers | null;
  readonly #horizon: number | null;

  constructor(file: H5File, horizon: number | null) {
    this.#file = file;
    this.path = file.path;
    this.#horizon = horizon;
    this.#observations = file.dataset('observations');
    this.#actions = file.dataset('actions');
    this.#rewards = file.dataset('rewards');
    this.#terminals = file.dataset('terminals');
    const hasTimeouts = file.has('timeouts') || horizon === null;
    if (hasTimeouts && !file.has('timeouts')) {
      const problem = `lacks timeouts; if its episodes end after a number of steps, say so: { horizon: 1000 }`;
      throw new FileFormatError(file.path, problem, { details: { key: 'timeouts' } });
    }
    this.#timeouts = hasTimeouts ? file.dataset('timeouts') : null;
    this.steps = this.#observations.rows;
    this.observationSize = this.#observations.width;
    this.actionSize = this.#actions.width;
    for (const [array, dimensions] of [
      [this.#observations, 2],
      [this.#actions, 2],
      [this.#rewards, 1],
      [this.#terminals, 1],
      ...(this.#timeouts ? [[this.#timeouts, 1] as const] : []),
    ] as const) {
      checkShape(file.path, array, dimensions, this.steps);
    }
  }

  async *episodes(): AsyncIterable<Episode> {
    let index = 0;
    for (let from = 0; from < this.steps; index++) {
      const { to, end } = this.#endOf(from);
      yield {
        index,
        length: to - from,
        observations: this.#observations.read(from, to),
        actions: this.#actions.read(from, to),
        rewards: this.#rewards.read(from, to),
        finalObservation: null,
        end,
      };
      from = to;
    }
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #endOf(from: number): { to: number; end: Episode['end'] } {
    for (let row = from; row < this.steps; row++) {
      if (this.#terminals.at(row) !== 0) return { to: row + 1, end: 'terminated' };
      const steps = row + 1 - from;
      const timeIsOver = this.#timeouts ? this.#timeouts.at(row) !== 0 : steps === this.#horizon;
      if (timeIsOver) return { to: row + 1, end: 'truncated' };
      if (steps === longestEpisode) {
        const problem = `no episode ends in the ${longestEpisode} rows from ${from}; are terminals and timeouts all 0?`;
        throw new FileFormatError(this.path, problem, { details: { key: 'terminals' } });
      }
    }
    return { to: this.steps, end: 'cut' };
  }
}

/** @throws {FileFormatError} unless an array has so many dimensions (a last one of 1 is no matter) and rows */
export function checkShape(path: string, array: H5Numbers, dimensions: number, rows: number): void {
  const { key, shape, width } = array;
  const fits = dimensions === 1 ? width === 1 : shape.length === 2 && width > 0;
  if (fits && array.rows === rows) return;
  const wanted = dimensions === 1 ? `[${rows}]` : `[${rows}, numbers in a row]`;
  const problem = `${key} has shape [${shape.join(', ')}] where ${wanted} is needed`;
  throw new FileFormatError(path, problem, { details: { key, shape } });
}
