import { element, type PageElement } from '../../element.js';
import type { FilmBodies, FilmGrid, FilmScene } from '../../episode/episode-film.js';
import { toDom } from '../page.js';

/** Cells that are shown at once, at most: of a larger maze those around the agent. */
const [mostColumns, mostRows] = [17, 13];
/** Metres of the world that are shown. */
const [metresWide, metresHigh, below] = [4, 2.2, 0.3];

/** A scene as a drawing that is as wide as its place. */
export function drawScene(scene: FilmScene): Node {
  return toDom(scene.kind === 'grid' ? drawGrid(scene) : drawBodies(scene));
}

function drawGrid({ width, height, cells, agent, caption }: FilmGrid): PageElement {
  const columns = Math.min(width, mostColumns);
  const rows = Math.min(height, mostRows);
  const left = firstShown(agent.x, columns, width);
  const top = firstShown(agent.y, rows, height);
  const isShown = ({ x, y }: { readonly x: number; readonly y: number }) =>
    x >= left && x < left + columns && y >= top && y < top + rows;
  const square = (x: number, y: number, name: string, ...children: PageElement[]) =>
    element(
      'rect',
      { class: name, x: x + 0.04, y: y + 0.04, width: 0.92, height: 0.92, rx: 0.08 },
      ...children,
    );
  const floor = Array.from({ length: columns * rows }, (_, i) =>
    square(left + (i % columns), top + Math.floor(i / columns), 'floor'),
  );
  const things = cells.filter(isShown).flatMap(({ x, y, kind, variant, label }) => {
    const name = kind === 'wall' ? 'wall' : `thing series-${(variant ?? kind.length) % 10}`;
    const told = label ?? (variant === undefined ? kind : `${kind} ${variant}`);
    const made = square(x, y, name, element('title', {}, told));
    if (kind === 'wall') return [made];
    const letter = kind.slice(0, 1).toUpperCase();
    return [made, element('text', { class: 'sign', x: x + 0.5, y: y + 0.68 }, letter)];
  });
  const place = { cx: agent.x + 0.5, cy: agent.y + 0.5 };
  return element(
    'svg',
    {
      ...{ class: 'scene grid', viewBox: `${left} ${top} ${columns} ${rows}`, role: 'img' },
      'aria-label': `maze, agent at column ${agent.x} of ${width}, row ${agent.y} of ${height}; ${caption}`,
    },
    ...floor,
    ...things,
    element('circle', { class: 'agent', ...place, r: 0.32 }),
  );
}

/** So that the agent is in the middle, and nothing beyond the maze is shown. */
function firstShown(at: number, shown: number, size: number): number {
  return Math.max(0, Math.min(size - shown, at - Math.floor(shown / 2)));
}

function drawBodies({ capsules, centre }: FilmBodies): PageElement {
  const left = centre[0] - metresWide / 2;
  const whole = Array.from({ length: Math.ceil(metresWide) }, (_, i) => Math.ceil(left) + i);
  const marks = whole.filter((x) => x > left + 0.15 && x < left + metresWide - 0.15);
  const [bottom, top] = [below, below - metresHigh];
  return element(
    'svg',
    {
      ...{ class: 'scene bodies', viewBox: `${left} ${top} ${metresWide} ${metresHigh}` },
      ...{ role: 'img', 'aria-label': `body at ${centre[0].toFixed(2)} metres` },
    },
    element('rect', { class: 'ground', x: left, y: 0, width: metresWide, height: bottom }),
    ...marks.flatMap((x) => [
      element('line', { class: 'metre', x1: x, x2: x, y1: 0, y2: 0.06 }),
      element('text', { class: 'metre', x, y: 0.2 }, `${x} m`),
    ]),
    ...capsules.map(({ name, from, to, radius }, i) =>
      element(
        'line',
        {
          ...{ class: `capsule series-${i % 10}`, x1: from[0], y1: -from[1], x2: to[0] },
          ...{ y2: -to[1], 'stroke-width': 2 * radius },
        },
        element('title', {}, name),
      ),
    ),
  );
}
