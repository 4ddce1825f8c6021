// The script of an episode page.
import type { EpisodePageData } from '../episode/episode-page-data.js';
import { formatNumber } from '../format-number.js';
import { ChartView } from './chart-view.js';
import { HeadStrips } from './episode/head-strips.js';
import { drawScene } from './episode/scene-view.js';
import { find, pageData } from './page.js';
import { Retention } from './retention/retention.js';
import { Timeline } from './viewer/timeline.js';

/** One step, and everything that shows it. */
class EpisodeView {
  readonly #data: EpisodePageData;
  readonly #strips: HeadStrips;
  readonly #charts: readonly ChartView[];
  readonly #scene = find('scene', HTMLDivElement);
  readonly #caption = find('caption', HTMLParagraphElement);

  constructor(data: EpisodePageData, retention: Retention) {
    this.#data = data;
    const goTo = (step: number) => timeline.goTo(step);
    this.#strips = new HeadStrips(find('strips', HTMLDivElement), retention, data.rowKinds, goTo);
    this.#charts = [...document.querySelectorAll<HTMLElement>('[data-chart]')].map(
      (figure, i) => new ChartView(figure, data.charts[i]!, (x) => goTo(x - 1)),
    );
    const timeline = new Timeline(find('steps', HTMLDivElement), {
      ...{ steps: data.frames.length, noun: 'step', onStep: (step) => this.#show(step) },
    });
    timeline.goTo(data.frames.length - 1);
  }

  /** @returns the step in words */
  #show(step: number): string {
    const { frames } = this.#data;
    const { scene, action, reward, total, returnToGo } = frames[step]!;
    this.#scene.replaceChildren(drawScene(scene));
    const rows = this.#strips.show(step);
    for (const chart of this.#charts) chart.cursor = step + 1;
    this.#caption.textContent = [
      ...(scene.kind === 'grid' && scene.caption !== '' ? [scene.caption] : []),
      `action: ${action}`,
      `reward ${formatNumber(reward)}`,
      `return ${formatNumber(total)}, asked for ${formatNumber(returnToGo)} more`,
    ].join(' · ');
    return `step ${step + 1} of ${frames.length}: a mean of ${formatNumber(rows)} rows held per head`;
  }
}

const data = pageData<EpisodePageData>();
Retention.unpack(data.retention).then((retention) => new EpisodeView(data, retention));
