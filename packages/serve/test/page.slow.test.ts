import { findChromium, openPage } from '@namm/testing';
import { expect, it } from 'vitest';
import { setUpServers } from './set-up-server.js';

const setup = setUpServers();

it.skipIf(findChromium() === null)(
  'chats, shows the memory, and stops when it is told',
  async () => {
    const { url } = await setup.start();
    const page = await openPage(`${url}/`);
    try {
      /** Waits until an expression is true in the page, and gives what another says then. */
      const when = (condition: string, value = 'true') =>
        page.evaluate(`new Promise((resolve) => {
        const look = () => (${condition}) ? resolve(${value}) : setTimeout(look, 20);
        look();
      })`);
      const type = (text: string) =>
        page.evaluate(`(() => {
        document.getElementById('text').value = ${JSON.stringify(text)};
        document.getElementById('send').click();
      })()`);
      const answers = `[...document.querySelectorAll('.assistant')].map((turn) => turn.textContent)`;
      expect(
        await when(`document.getElementById('model').textContent !== '…'`, 'document.title'),
      ).toBe('Chat');
      const before = await when(
        `document.getElementById('bytes').textContent !== ''`,
        `document.getElementById('bytes').textContent`,
      );
      expect(before).toBe('0.0 kB of 1000.0 MB');
      // The example in the empty field is whole, and as dark or light as text there.
      expect(
        await page.evaluate(`(() => {
        const field = document.getElementById('budget');
        field.value = field.placeholder;
        const isWhole = field.scrollWidth <= field.clientWidth;
        field.value = '';
        const { color, opacity } = getComputedStyle(field, '::placeholder');
        return [isWhole, color === getComputedStyle(field).color, Number(opacity) >= 0.7];
      })()`),
      ).toEqual([true, true, true]);
      await type('hi');
      expect(await when(`${answers}.at(-1) === 'Hello there.'`, answers)).toEqual(['Hello there.']);
      await when(`document.querySelectorAll('#layers .bar').length === 2`);
      const last = await page.evaluate(`document.getElementById('last').textContent`);
      expect(last).toMatch(/^9 of 9 tokens held, [\d.]+ kB; 0 of 5 prompt tokens were read before/);
      expect(
        await when(
          `!document.getElementById('bytes').textContent.startsWith('0.0 ')`,
          `document.getElementById('stored').textContent`,
        ),
      ).toMatch(/^\d+ kept, 0 on the disk/);
      await page.evaluate(`document.getElementById('budget').value = '32'`);
      await type('something long');
      await when(`${answers}.at(-1).length > 20`);
      await page.evaluate(`document.getElementById('stop').click()`);
      await when(`document.getElementById('stop').disabled`);
      const cut = (await page.evaluate(`${answers}.at(-1)`)) as string;
      expect(cut).toMatch(/^(loop)+$/);
      expect(cut.length).toBeLessThan(4 * 1024);
      await when(`document.getElementById('stored').textContent.includes(' 0 answered now')`);
      await page.evaluate(`document.getElementById('budget').value = 'much'`);
      await type('hi');
      await when(`document.querySelector('.error')?.textContent.includes('kv_budget')`);
      expect(
        page.requests.filter((request) => !request.startsWith(url) && !request.startsWith('data:')),
      ).toEqual([]);
      expect(page.errors.filter((error) => !error.includes('400'))).toEqual([]);
    } finally {
      await page.close();
    }
  },
);
