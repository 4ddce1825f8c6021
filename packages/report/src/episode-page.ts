import { checkNames, InvalidArgumentError } from '@namm/core';
import script from './client/episode-page.ts?bundle';
import { episodeBody } from './episode/episode-body.js';
import { episodeCharts } from './episode/episode-charts.js';
import type { EpisodeFilm, FilmFrame } from './episode/episode-film.js';
import type { EpisodePageData } from './episode/episode-page-data.js';
import { htmlPage } from './page/html-page.js';
import { plainChart } from './page/plain-chart.js';
import { packEvictions } from './retention/pack.js';
import style from './style.css?bundle';

/** Options of an episode page. */
export interface EpisodePageOptions {
  /** @defaultValue 'An episode under `policy`' */
  readonly title?: string;
}

/**
 * Draws an episode as one HTML page: the animated scene (mazes as grids, bodies from the side) next to what each head
 * of each layer still holds of it, with one slider for both. A single file that works offline, in light and dark, on
 * any width.
 *
 * @returns the page's HTML
 * @throws {InvalidArgumentError} for a film that contradicts itself, or has no step
 *
 * @example
 * ```ts
 * await writeFileAtomic('episode.html', episodePage(film));
 * ```
 */
export function episodePage(film: EpisodeFilm, options: EpisodePageOptions = {}): string {
  checkNames('episodePage', options, ['title']);
  check(film);
  const title = options.title ?? `An episode under ${film.policy}`;
  const charts = episodeCharts(film);
  const { frames, rowKinds, headsPerLayer, seen, evictedAt } = film;
  const data: EpisodePageData = {
    ...{ frames: frames.map(rounded), rowKinds, charts: charts.map(plainChart) },
    retention: {
      ...{ headsPerLayer, seen: Array.from(seen), scores: [] },
      evictedAt: packEvictions(evictedAt, seen.length),
    },
  };
  return htmlPage({ title, body: episodeBody(film, title, charts), style, script, data });
}

/** To a millimetre: nobody sees more, and the page is half as long. */
function rounded(frame: FilmFrame): FilmFrame {
  const { scene } = frame;
  if (scene.kind === 'grid') return frame;
  const point = ([x, y]: readonly [number, number]) =>
    [Math.round(1000 * x) / 1000, Math.round(1000 * y) / 1000] as const;
  const capsules = scene.capsules.map(({ from, to, ...rest }) => {
    return { ...rest, from: point(from), to: point(to) };
  });
  return { ...frame, scene: { ...scene, capsules, centre: point(scene.centre) } };
}

function check({ frames, rowKinds, headsPerLayer, seen, evictedAt }: EpisodeFilm): void {
  const refuse = (problem: string) => {
    throw new InvalidArgumentError('film', problem);
  };
  if (frames.length === 0) refuse('has no step');
  if (rowKinds.length === 0) refuse('has no kinds of rows');
  if (seen.length !== frames.length) refuse(`has ${seen.length} counts for ${frames.length} steps`);
  if (seen.some((count, step) => step > 0 && count < seen[step - 1]!)) refuse('unreads tokens');
  const heads = headsPerLayer.reduce((sum, count) => sum + count, 0);
  const wanted = heads * (seen.at(-1) ?? 0);
  if (wanted === 0) refuse('holds no token');
  if (evictedAt.length !== wanted) {
    refuse(`has ${evictedAt.length} evictions for ${heads} heads of ${seen.at(-1)} tokens`);
  }
}
