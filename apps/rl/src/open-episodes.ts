import { type EpisodeSource, openD4rl, openDataSet, openMinari } from '@namm/environments';

/** Recorded episodes by the form of their path: a D4RL file, one that `collect` wrote, or a folder of Minari. */
export function openEpisodes(path: string): Promise<EpisodeSource> {
  if (/\.(hdf5|h5)$/.test(path)) return openD4rl(path);
  return path.endsWith('.safetensors') ? openDataSet(path) : openMinari(path);
}
