import type { EpisodeResult } from './run-episode.js';

/** Many episodes in numbers; those whose simulation broke down are counted and left out of all others. */
export interface EpisodeSummary {
  readonly episodes: number;
  readonly failed: number;
  /** Over the episodes that did not fail; null when all did. */
  readonly meanReturn: number | null;
  readonly meanLength: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** @param results at least one */
export function summariseEpisodes(results: readonly EpisodeResult[]): EpisodeSummary {
  const sound = results.filter(({ end }) => end !== 'failed');
  const returns = sound.map((result) => result.return);
  const average = (values: number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    episodes: results.length,
    failed: results.length - sound.length,
    meanReturn: average(returns),
    meanLength: average(sound.map(({ length }) => length)),
    minimum: returns.length === 0 ? null : Math.min(...returns),
    maximum: returns.length === 0 ? null : Math.max(...returns),
  };
}
