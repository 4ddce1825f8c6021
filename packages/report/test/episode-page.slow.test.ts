import { findChromium } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { episodePage } from '../src/index.js';
import { type OpenHtml, openHtml } from './open-html.js';
import { sampleFilm } from './sample-film.js';

const goTo = (step: number) => `(() => {
  const slider = document.querySelector('.timeline input');
  slider.value = ${step + 1};
  slider.dispatchEvent(new Event('input'));
})()`;

/** Colours along a lane of a strip, one per step. */
const lane = (strip: number, kind: number, steps: number) => `(() => {
  const canvas = document.querySelectorAll('.strip canvas')[${strip}];
  const paint = canvas.getContext('2d');
  return Array.from({ length: ${steps} }, (_, step) => {
    const x = Math.floor((step + 0.7) * canvas.width / ${steps});
    return [...paint.getImageData(x, ${kind} * canvas.height / 3 + 2, 1, 1).data].join(' ');
  });
})()`;

async function open(kind: 'grid' | 'bodies'): Promise<OpenHtml> {
  const page = await openHtml(episodePage(sampleFilm(kind)));
  await page.evaluate(`new Promise((done) => {
    const look = () => document.querySelector('#scene svg') ? done() : setTimeout(look, 20);
    look();
  })`);
  await page.resize(1280, 900);
  return page;
}

describe.skipIf(findChromium() === null).each(['grid', 'bodies'] as const)(
  'a page of %s',
  (kind) => {
    let page: OpenHtml;
    const ask = (expression: string) => page.evaluate(expression);
    beforeAll(async () => {
      page = await open(kind);
    });
    afterAll(() => page?.close());

    it('shows step by step what happens', async () => {
      for (const step of [0, 12, 29]) {
        await ask(goTo(step));
        expect(await ask(`document.querySelector('.timeline output').textContent`)).toContain(
          `step ${step + 1} of 30`,
        );
        const caption = (await ask(`document.querySelector('#caption').textContent`)) as string;
        expect(caption).toContain(`action: ${step % 4}`);
        expect(caption.includes('cue: up')).toBe(kind === 'grid' && step === 0);
        if (kind === 'grid') {
          const x = await ask(`document.querySelector('.agent').getAttribute('cx')`);
          expect(Number(x)).toBe(step + 0.5);
          expect(await ask(`document.querySelectorAll('.floor').length`)).toBe(17 * 3);
        } else {
          const x = await ask(`document.querySelector('.capsule').getAttribute('x2')`);
          expect(Number(x)).toBeCloseTo(step / 10 + 0.123, 6);
        }
      }
    });

    it('shows beside it what each head holds', async () => {
      expect(await ask(`document.querySelectorAll('.strip').length`)).toBe(3);
      await ask(goTo(12));
      const counts = `[...document.querySelectorAll('.strip .count')].map((one) => one.textContent)`;
      expect(await ask(counts)).toEqual(['8 rows', '8 rows', '38 rows']);
      const colours = (await ask(lane(0, 1, 30))) as string[];
      const [held, gone, unread] = [colours[0], colours[5], colours[20]];
      expect(new Set([held, gone, unread]).size).toBe(3);
      expect(colours[11]).toBe(held);
      expect(colours.slice(1, 11)).toEqual(Array(10).fill(gone));
      expect(((await ask(lane(2, 1, 30))) as string[]).slice(0, 12)).toEqual(Array(12).fill(held));
      // A click on a strip goes there.
      await ask(`(() => {
      const { left, top, width } = document.querySelector('.strip canvas').getBoundingClientRect();
      const at = { clientX: left + width * 0.51, clientY: top + 4, bubbles: true };
      document.querySelector('.strip canvas').dispatchEvent(new MouseEvent('click', at));
    })()`);
      expect(await ask(`document.querySelector('.timeline output').textContent`)).toContain(
        'step 16',
      );
    });

    it('fits any width, in light and dark, and asks for nothing', async () => {
      for (const scheme of ['light', 'dark'] as const) {
        await page.preferScheme(scheme);
        for (const width of [390, 1280]) {
          await page.resize(width, 900);
          expect(await ask('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          const drawn = await ask(
            `document.querySelector('#scene svg').getBoundingClientRect().width`,
          );
          expect(drawn).toBeGreaterThan(width === 390 ? 330 : 500);
        }
      }
      expect(await ask(`document.querySelector('.facts').textContent`)).toContain('<b>agent</b>');
      expect(page.requests).toEqual([page.address]);
      expect(page.errors).toEqual([]);
    });
  },
);
