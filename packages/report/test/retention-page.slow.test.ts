import { float16ToFloat32, heldTokens, type RetentionRecord } from '@namm/core';
import { findChromium } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RetentionPicture, retentionPage } from '../src/index.js';
import { contrasts } from './contrasts.js';
import { type OpenHtml, openHtml } from './open-html.js';
import { sampleRecord } from './sample-record.js';

/** A page whose script has filled it in. */
async function open(
  record: RetentionRecord,
  pictures: readonly RetentionPicture[] = [],
): Promise<OpenHtml> {
  const page = await openHtml(retentionPage(record, { pictures }));
  await page.evaluate(`new Promise((done) => {
    const look = () => document.querySelector('#text .tokens span[class]') ? done() : setTimeout(look, 20);
    look();
  })`);
  return page;
}

const goTo = (update: number) => `(() => {
  const slider = document.querySelector('.timeline input');
  slider.value = ${update + 1};
  slider.dispatchEvent(new Event('input'));
})()`;
const textOf = (selector: string) =>
  `document.querySelector(${JSON.stringify(selector)}).textContent`;
const tokenClasses = `[...document.querySelectorAll('#text .tokens span')].map((span) => span.className)`;
const mapTitles = `[...document.querySelectorAll('#map button')].map((cell) => cell.title)`;

describe.skipIf(findChromium() === null)('a retention page', () => {
  const record = sampleRecord({ layers: 3, heads: 2, tokens: 120, chunk: 16 }, 1);
  const tokens = 120;
  const updates = record.seen.length;
  const heads = [0, 1, 2].flatMap((layer) => [0, 1].map((head) => ({ layer, head })));
  const held = (update: number) =>
    heads.map(({ layer, head }) => new Set(heldTokens(record, layer, head, update)));
  let page: OpenHtml;
  beforeAll(async () => {
    page = await open(record);
    await page.resize(1280, 900);
  });
  afterAll(() => page?.close());

  it('shows a film strip where parts have pictures: how much of each is held, in all heads or one', async () => {
    // One white pixel.
    const jpeg = Buffer.from(
      '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
      'base64',
    );
    const film = await open(
      record,
      [0, 1].map((part) => ({ part, jpeg })),
    );
    try {
      const shares = `[...document.querySelectorAll('button.frame')].map((frame) => [Number(getComputedStyle(frame).getPropertyValue('--held')), frame.className])`;
      const expected = (update: number, chosen: number | null) =>
        [
          [0, 90],
          [90, 120],
        ].map(([from, to]) => {
          if (to! > record.seen[update]!) return [0, 'frame unseen'];
          const sets = held(update).filter((_, head) => chosen === null || head === chosen);
          const all = sets.flatMap((set) =>
            [...set].filter((token) => token >= from! && token < to!),
          );
          return [all.length / (to! - from!) / sets.length, 'frame'];
        });
      // Evicted or not, each piece of a picture has an edge.
      const edged = `[...document.querySelectorAll('#text .tokens span')].filter((span) => getComputedStyle(span).boxShadow !== 'none').length`;
      expect([await film.evaluate(edged), await page.evaluate(edged)]).toEqual([tokens, 0]);
      for (const update of [0, 6, updates - 1]) {
        await film.evaluate(goTo(update));
        expect(await film.evaluate(shares)).toEqual(expected(update, null));
      }
      await film.evaluate(`document.querySelectorAll('#map button')[3].click()`);
      expect(await film.evaluate(shares)).toEqual(expected(updates - 1, 3));
      expect(film.errors).toEqual([]);
    } finally {
      await film.close();
    }
  });

  it('shows the text, each token shaded by how many heads hold it', async () => {
    const shown = `[...document.querySelectorAll('#text .tokens')].map((part) => part.textContent)`;
    const text = [record.pieces!.slice(0, 90).join(''), record.pieces!.slice(90).join('')];
    expect(await page.evaluate(shown)).toEqual(text);
    const names = `[...document.querySelectorAll('#text h3')].map((name) => name.textContent)`;
    expect(await page.evaluate(names)).toEqual(['prompt', 'answer']);
    for (const update of [0, 3, updates - 1]) {
      await page.evaluate(goTo(update));
      const sets = held(update);
      const expected = record.pieces!.map((_, token) => {
        if (token >= record.seen[update]!) return 'unseen';
        const holders = sets.filter((set) => set.has(token)).length;
        return `h${[0, 3, 5, 8, 8, 8, 10][holders]}`; // of six heads: 1, 2, 3 to 5, all
      });
      expect(await page.evaluate(tokenClasses)).toEqual(expected);
    }
  });

  it('says in the map what each head holds', async () => {
    for (const update of [0, 4]) {
      await page.evaluate(goTo(update));
      const titles = (await page.evaluate(mapTitles)) as string[];
      for (const [i, { layer, head }] of heads.entries()) {
        const count = heldTokens(record, layer, head, update).length;
        const start = `layer ${layer}, head ${head}: ${count} of ${record.seen[update]} tokens, `;
        expect(titles[i]).toContain(start);
      }
      expect(await page.evaluate(textOf('.timeline output'))).toMatch(
        new RegExp(
          `^update ${update + 1} of ${updates}: ${record.seen[update]} tokens seen, a mean of`,
        ),
      );
    }
  });

  it('shows the tokens of one head when it is chosen', async () => {
    await page.evaluate(goTo(5));
    await page.evaluate(`document.querySelectorAll('#map button')[3].click()`);
    const own = new Set(heldTokens(record, 1, 1, 5));
    const expected = record.pieces!.map((_, token) =>
      token >= record.seen[5]! ? 'unseen' : own.has(token) ? 'h10' : 'h0',
    );
    expect(await page.evaluate(tokenClasses)).toEqual(expected);
    expect(await page.evaluate(textOf('#head-state'))).toContain('layer 1, head 1: ');
    expect(await page.evaluate(textOf('[data-chart="0"] .legend'))).toContain('layer 1 head 1');
    const pressed = `[...document.querySelectorAll('#map [aria-pressed=true]')].map((cell) => cell.title)`;
    expect(await page.evaluate(pressed)).toHaveLength(1);
    await page.evaluate(`document.querySelector('#all-heads').click()`);
    expect(await page.evaluate(textOf('[data-chart="0"] .legend'))).not.toContain('layer 1 head 1');
    expect(await page.evaluate(pressed)).toHaveLength(0);
  });

  it('tells holders and scores of the token under the pointer, and marks its heads', async () => {
    const update = updates - 1;
    await page.evaluate(goTo(update));
    const token = 33;
    await page.hover(`#text .tokens span:nth-child(${token + 1})`);
    const sets = held(update);
    const holders = sets.filter((set) => set.has(token)).length;
    const scores = float16ToFloat32(record.scores[0]!.values);
    const scored = heads.filter((_, head) => !Number.isNaN(scores[head * tokens + token])).length;
    const tip = (await page.evaluate(textOf('#tip'))) as string;
    expect(tip).toContain(`token 33 ${JSON.stringify(record.pieces![token])}, id 33`);
    expect(tip).toContain(`held by ${holders} of 6 heads`);
    expect(tip).toMatch(new RegExp(`in ${scored} heads \\(as of update ${updates}\\)$`));
    const dots = `[...document.querySelectorAll('#map button')].map((cell) => cell.classList.contains('holds'))`;
    expect(await page.evaluate(dots)).toEqual(sets.map((set) => set.has(token)));

    await page.evaluate(`document.querySelectorAll('#map button')[2].click()`);
    await page.hover(`#text .tokens span:nth-child(${token + 2})`);
    const score = scores[2 * tokens + token + 1]!;
    const fate = record.evictedAt[2 * tokens + token + 1]!;
    const single = (await page.evaluate(textOf('#tip'))) as string;
    expect(single).toContain(fate < updates ? `evicted at update ${fate + 1}` : 'held to the end');
    const written = Number(/last score (−?[\d.]+)/.exec(single)![1]!.replace('−', '-'));
    expect(Math.abs(written - score)).toBeLessThan(0.001 * Math.abs(score) + 1e-4);
    await page.evaluate(`document.querySelector('#all-heads').click()`);
  });

  it('can be used from the keyboard', async () => {
    await page.evaluate(goTo(4));
    await page.evaluate(`document.querySelector('.timeline input').focus()`);
    await page.press('ArrowLeft');
    expect(await page.evaluate(textOf('.timeline output'))).toContain('update 4 of');
    await page.evaluate(`document.querySelector('#text').focus()`);
    await page.press('Escape'); // whatever the mouse is over
    await page.evaluate(`document.querySelector('#text').dispatchEvent(new Event('pointerleave'))`);
    for (let i = 0; i < 3; i++) await page.press('ArrowRight');
    expect(await page.evaluate(textOf('#tip'))).toContain('token 2 ');
    await page.evaluate(`document.querySelector('#map button').focus()`);
    await page.press('ArrowDown');
    await page.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.title')).toContain('layer 1, head 1');
    await page.evaluate(`document.querySelector('[data-chart="1"] .plot').focus()`);
    await page.press('ArrowLeft');
    expect(await page.evaluate(textOf('.timeline output'))).toContain('update 3 of');
    expect(await page.evaluate(textOf('[data-chart="1"] .readout'))).toContain(
      'policy state: 768 B',
    );
  });

  it('plays the updates to the last', async () => {
    await page.evaluate(goTo(updates - 3));
    await page.evaluate(`document.querySelector('.timeline button:nth-of-type(2)').click()`);
    expect(
      await page.evaluate(`document.querySelector('.timeline button:nth-of-type(2)').ariaLabel`),
    ).toBe('pause');
    await page.evaluate(`new Promise((done) => {
      const look = () => document.querySelector('.timeline button:nth-of-type(2)').ariaLabel === 'pause' ? setTimeout(look, 50) : done();
      look();
    })`);
    expect(await page.evaluate(textOf('.timeline output'))).toContain(
      `update ${updates} of ${updates}`,
    );
  });

  it('asks for nothing but itself, and nothing goes wrong', () => {
    expect(page.requests).toEqual([page.address]);
    expect(page.errors).toEqual([]);
  });
});

describe.skipIf(findChromium() === null)('a retention page of hostile text', () => {
  it('shows markup and runs none of it', async () => {
    const attacks = [
      '</script><script>window.hacked = 1</script>',
      '<img src=x onerror="window.hacked = 2">',
      '"><svg onload=window.hacked=3>',
      '<!-- <script>',
      "'-window.hacked=4-'",
      ']]>\u2028\u0000<b>',
      '<iframe src="https://example.org/"></iframe>',
      '\u202e</span>',
    ];
    const sample = sampleRecord({ layers: 1, heads: 1, tokens: 8, chunk: 4 }, 2);
    const page = await open({
      ...sample,
      pieces: attacks,
      parts: [{ name: attacks[1]!, tokens: 8 }],
      policy: attacks[1]!,
      model: attacks[2]!,
      notes: { [attacks[0]!]: attacks[6]! },
    });
    try {
      for (let i = 1; i <= 8; i++) await page.hover(`#text .tokens span:nth-child(${i})`);
      await page.evaluate(`document.querySelector('#map button').click()`);
      await page.evaluate('new Promise((done) => setTimeout(done, 100))');
      expect(await page.evaluate('window.hacked ?? null')).toBeNull();
      const strangers = `[...document.querySelectorAll('iframe, img, b, [onload], [onerror]')].length`;
      expect(await page.evaluate(strangers)).toBe(0);
      const spans = `[...document.querySelectorAll('#text .tokens span')].map((span) => span.textContent)`;
      expect(await page.evaluate(spans)).toEqual(attacks);
      expect(await page.evaluate(textOf('h1'))).toBe(`What ${attacks[1]} kept`);
      expect(page.requests).toEqual([page.address]);
      expect(page.errors).toEqual([]);
    } finally {
      await page.close();
    }
  });

  it('runs no code that is not its own, even if it came into the page', async () => {
    const page = await open(sampleRecord({ layers: 1, heads: 1, tokens: 8, chunk: 4 }, 2));
    try {
      await page.evaluate(`document.body.append(document.createRange().createContextualFragment(
        '<script>window.hacked = 1</script><img src="https://example.org/x" onerror="window.hacked = 2">'))`);
      await page.evaluate('new Promise((done) => setTimeout(done, 100))');
      expect(await page.evaluate('window.hacked ?? null')).toBeNull();
      expect(page.errors.join('\n')).toContain('Content Security Policy');
    } finally {
      await page.close();
    }
  });
});

describe.skipIf(findChromium() === null)('the layout of a retention page', () => {
  let page: OpenHtml;
  beforeAll(async () => {
    page = await open(sampleRecord({ layers: 30, heads: 8, tokens: 4096, chunk: 256 }, 3));
  }, 60_000);
  afterAll(() => page?.close());

  it.each([360, 700, 1000, 1280, 1920])(
    'fits %d pixels with 30 × 8 heads and 4k tokens',
    async (width) => {
      await page.resize(width, 900);
      await page.evaluate('scrollTo(0, 0)');
      const boxes = (await page.evaluate(`(() => {
      const box = (found) => {
        const { left, right, top, bottom } = found.getBoundingClientRect();
        return { left, right, top, bottom };
      };
      const all = (selector) => [...document.querySelectorAll(selector)].map(box);
      return {
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        text: all('.text-pane')[0], map: all('.map-pane')[0], controls: all('.timeline')[0],
        cells: all('#map button'), tokens: all('#text .tokens span'), charts: all('.plot svg'),
        labels: [...document.querySelectorAll('.chart text')].map((text) =>
          ({ ...box(text), chart: [...document.querySelectorAll('.chart')].indexOf(text.closest('svg')) })),
      };
    })()`)) as Record<string, Box[]> & { text: Box; map: Box; controls: Box; overflow: number };
      expect(boxes.overflow).toBe(0);
      expect(overlap(boxes.text, boxes.map)).toBe(false);
      expect(overlap(boxes.text, boxes.controls)).toBe(false);
      expect(overlap(boxes.map, boxes.controls)).toBe(false);

      expect(boxes.cells).toHaveLength(240);
      for (const cell of boxes.cells!) {
        expect(inside(cell, boxes.map)).toBe(true);
        expect(cell.right - cell.left).toBeGreaterThanOrEqual(8);
        expect(cell.bottom - cell.top).toBeGreaterThanOrEqual(12);
      }
      for (const [i, cell] of boxes.cells!.entries()) {
        for (const other of boxes.cells!.slice(i + 1)) expect(overlap(cell, other)).toBe(false);
      }
      expect(boxes.tokens).toHaveLength(4096);
      for (const token of boxes.tokens!) {
        expect(token.left).toBeGreaterThanOrEqual(boxes.text.left - 1);
        expect(token.right).toBeLessThanOrEqual(boxes.text.right + 6); // a space may hang over the edge
      }
      expect(boxes.charts).toHaveLength(2);
      for (const chart of boxes.charts!) expect(chart.right).toBeLessThanOrEqual(width);
      for (const label of boxes.labels! as (Box & { chart: number })[]) {
        expect(inside(label, boxes.charts![label.chart]!)).toBe(true);
      }
    },
  );

  it.each(['light', 'dark'] as const)('keeps text readable on every shade, %s', async (scheme) => {
    await page.preferScheme(scheme);
    const found = (await page.evaluate(contrasts)) as Record<string, number>;
    expect(Object.keys(found).length).toBeGreaterThan(15);
    for (const [where, contrast] of Object.entries(found)) {
      expect(contrast, where).toBeGreaterThanOrEqual(4.5); // WCAG 2.2, level AA
    }
  });

  it('names all controls', async () => {
    const nameless = `[...document.querySelectorAll('button, input, [tabindex]')].filter((control) =>
      !(control.ariaLabel || control.textContent.trim())).length`;
    expect(await page.evaluate(nameless)).toBe(0);
    expect(page.errors).toEqual([]);
  });
});

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const slack = 0.5; // pixels

function inside(a: Box, b: Box): boolean {
  return (
    a.left >= b.left - slack &&
    a.right <= b.right + slack &&
    a.top >= b.top - slack &&
    a.bottom <= b.bottom + slack
  );
}

function overlap(a: Box, b: Box): boolean {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > slack && down > slack;
}
