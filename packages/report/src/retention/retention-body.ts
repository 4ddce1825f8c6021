import type { RetentionRecord } from '@namm/core';
import { chartFigure } from '../chart/chart-figure.js';
import type { LineChart } from '../chart/line-chart.js';
import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';

/** The page without what its script fills in: the tokens and the cells of the map. */
export function retentionBody(
  record: RetentionRecord,
  title: string,
  charts: readonly LineChart[],
): PageElement[] {
  const updates = record.seen.length;
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
      drawControls(updates),
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
    ['model', model.length > 24 ? `${model.slice(0, 16)}…` : model],
  ];
  const fact = ([name, value]: [string, string]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value));
  return element('dl', { class: 'facts' }, ...facts.map(fact));
}

function drawControls(updates: number): PageElement {
  const button = (id: string, label: string, sign: string) =>
    element('button', { id, type: 'button', 'aria-label': label, title: label }, sign);
  return element(
    'div',
    { class: 'controls', role: 'group', 'aria-label': 'Updates' },
    button('previous', 'previous update', '‹'),
    button('play', 'play the updates', '▶'),
    button('next', 'next update', '›'),
    element('input', {
      id: 'update',
      type: 'range',
      min: 1,
      max: updates,
      value: updates,
      'aria-label': 'update',
    }),
    element('output', { id: 'state', for: 'update' }),
  );
}

function drawTextPane(heads: number): PageElement {
  const scale = Array.from({ length: 11 }, (_, level) => element('i', { class: `h${level}` }));
  return element(
    'section',
    { class: 'text-pane', 'aria-labelledby': 'text-title' },
    element('h2', { id: 'text-title' }, 'Text'),
    element(
      'p',
      { class: 'legend', id: 'text-legend' },
      element('span', { id: 'low' }, 'held by no head'),
      element('span', { class: 'scale', 'aria-hidden': 'true' }, ...scale),
      element('span', { id: 'high' }, heads === 1 ? 'held' : `by all ${heads} heads`),
      element('span', { class: 'unseen' }, 'not read yet'),
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
    element('h2', { id: 'map-title' }, 'Layers and heads'),
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
