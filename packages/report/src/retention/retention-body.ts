import type { RetentionRecord } from '@namm/core';
import { chartFigure } from '../chart/chart-figure.js';
import type { LineChart } from '../chart/line-chart.js';
import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';
import { factList } from '../page/fact-list.js';
import { describeSteps, shadeOf, shadeSteps } from './shade-steps.js';

/** The page without what its script fills in: the tokens and the cells of the map. */
export function retentionBody(
  record: RetentionRecord,
  title: string,
  charts: readonly LineChart[],
  hasFilm: boolean,
): PageElement[] {
  const heads = record.headsPerLayer.reduce((sum, count) => sum + count, 0);
  return [
    element(
      'main',
      { class: 'retention' },
      element('header', {}, element('h1', {}, title), drawFacts(record, heads)),
      element(
        'noscript',
        {},
        element('p', {}, 'Only the curves are shown: the rest needs scripts.'),
      ),
      element('div', { class: 'charts' }, ...charts.map(chartFigure)),
      element('div', { id: 'updates' }),
      ...(hasFilm ? [drawFilmPane()] : []),
      element('div', { class: 'panes' }, drawTextPane(heads), drawMapPane()),
    ),
    element('div', { id: 'tip', role: 'status', hidden: '' }),
  ];
}

function drawFacts(record: RetentionRecord, heads: number): PageElement {
  const { model, policy, seen, headsPerLayer, notes } = record;
  const [layers, updates] = [headsPerLayer.length, seen.length];
  const facts: [string, string][] = [
    ['policy', policy],
    ['tokens', formatNumber(seen.at(-1)!)],
    ['updates', formatNumber(updates)],
    ['heads', `${heads} in ${layers} ${layers === 1 ? 'layer' : 'layers'}`],
    ...Object.entries(notes),
    ['fingerprint of the model', model.length > 24 ? `${model.slice(0, 16)}…` : model],
  ];
  return factList(facts);
}

function drawFilmPane(): PageElement {
  return element(
    'section',
    { class: 'film-pane', 'aria-labelledby': 'film-title' },
    element('h2', { id: 'film-title' }, 'Frames, and how much of each is held'),
    element('div', {
      id: 'film',
      role: 'group',
      'aria-label': 'Frames; choose one to see its tokens',
    }),
  );
}

function drawTextPane(heads: number): PageElement {
  const steps = shadeSteps(heads);
  const swatch = (shade: number, text: string) =>
    element('span', { class: 'swatch' }, element('i', { class: `h${shade}` }), text);
  const unread = element('span', { class: 'unseen' }, 'not read yet');
  return element(
    'section',
    { class: 'text-pane', 'aria-labelledby': 'text-title' },
    element('h2', { id: 'text-title' }, 'Text'),
    element(
      'p',
      { class: 'legend', id: 'all-heads-legend' },
      heads === 1 ? '' : 'heads that hold the token:',
      swatch(0, heads === 1 ? 'evicted' : 'none'),
      ...describeSteps(steps).map((text, i) => swatch(shadeOf(steps[i]!, steps), text)),
      unread,
    ),
    element(
      'p',
      { class: 'legend', id: 'one-head-legend', hidden: '' },
      swatch(0, 'evicted'),
      swatch(10, 'held'),
      unread,
    ),
    element(
      'p',
      { class: 'hint' },
      'Point at a token to see who holds it. Click it to mark its heads in the map.',
    ),
    element('div', {
      id: 'text',
      tabindex: 0,
      role: 'group',
      'aria-label': 'Tokens; the arrow keys go from one to the next, Enter marks one',
    }),
  );
}

function drawMapPane(): PageElement {
  const scale = Array.from({ length: 11 }, (_, level) => element('i', { class: `h${level}` }));
  return element(
    'section',
    { class: 'map-pane', 'aria-labelledby': 'map-title' },
    element('h2', { id: 'map-title' }, 'Tokens held by each head'),
    element(
      'p',
      { class: 'legend' },
      element('span', {}, '0'),
      element('span', { class: 'scale', 'aria-hidden': 'true' }, ...scale),
      element('span', { id: 'most' }),
      element('span', { class: 'dot' }, 'holds the marked token'),
    ),
    element('div', {
      id: 'map',
      role: 'group',
      'aria-label': 'Heads; choose one to see its tokens',
    }),
    element('p', { id: 'head-state' }),
    element('button', { id: 'all-heads', type: 'button', hidden: '' }, 'show all heads'),
  );
}
