import type { EpisodeSource } from '../contracts/episode-source.js';
import { openD4rl } from './open-d4rl.js';
import { openDataSet } from './open-data-set.js';
import { openMinari } from './open-minari.js';

/**
 * Opens recorded episodes by the form of their path: a D4RL file (`.hdf5`, `.h5`), a file that a collector here wrote
 * (`.safetensors`), or else a folder of Minari.
 *
 * @throws {NammError} when it is not what its name says
 *
 * @example
 * ```ts
 * const source = await openEpisodes('hopper-medium-v2.hdf5');
 * ```
 */
export async function openEpisodes(path: string): Promise<EpisodeSource> {
  if (/\.(hdf5|h5)$/.test(path)) return openD4rl(path);
  return path.endsWith('.safetensors') ? openDataSet(path) : openMinari(path);
}
