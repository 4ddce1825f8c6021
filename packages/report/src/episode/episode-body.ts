import { chartFigure } from '../chart/chart-figure.js';
import type { LineChart } from '../chart/line-chart.js';
import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';
import { factList } from '../page/fact-list.js';
import type { EpisodeFilm } from './episode-film.js';

/** The page without what its script fills in: the scene and the strips of the heads. */
export function episodeBody(
  film: EpisodeFilm,
  title: string,
  charts: readonly LineChart[],
): PageElement[] {
  return [
    element(
      'main',
      { class: 'episode' },
      element('header', {}, element('h1', {}, title), drawFacts(film)),
      element(
        'noscript',
        {},
        element('p', {}, 'Only the facts are shown: the rest needs scripts.'),
      ),
      element('div', { id: 'steps' }),
      element('div', { class: 'film' }, drawScenePane(), drawMemoryPane(film)),
      element('div', { class: 'charts' }, ...charts.map(chartFigure)),
    ),
  ];
}

function drawFacts({ policy, frames, notes }: EpisodeFilm): PageElement {
  const facts: [string, string][] = [
    ['memory', policy],
    ['return', formatNumber(frames.at(-1)!.total)],
    ['steps', formatNumber(frames.length)],
    ...Object.entries(notes),
  ];
  return factList(facts);
}

function drawScenePane(): PageElement {
  return element(
    'section',
    { class: 'scene-pane', 'aria-labelledby': 'scene-title' },
    element('h2', { id: 'scene-title' }, 'What happens'),
    element('div', { id: 'scene' }),
    element('p', { id: 'caption' }),
  );
}

function drawMemoryPane({ rowKinds }: EpisodeFilm): PageElement {
  const swatch = (name: string, text: string) =>
    element('span', { class: 'swatch' }, element('i', { class: name }), text);
  return element(
    'section',
    { class: 'memory-pane', 'aria-labelledby': 'memory-title' },
    element('h2', { id: 'memory-title' }, 'What each head still holds of it'),
    element(
      'p',
      { class: 'legend' },
      swatch('h10', 'held'),
      swatch('gone', 'forgotten'),
      swatch('unread', 'not read yet'),
      swatch('now', 'now'),
    ),
    element(
      'p',
      { class: 'hint' },
      `From left to right the steps of the episode; from top to bottom ${rowKinds.join(', ')}. Click a place to go there.`,
    ),
    element('div', { id: 'strips' }),
  );
}
