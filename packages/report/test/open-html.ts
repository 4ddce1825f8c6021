import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPage, type Page } from '@namm/testing';

/** A page of ours in a browser, from a file, as readers open it. */
export interface OpenHtml extends Page {
  readonly address: string;
  resize(width: number, height: number): Promise<void>;
  preferScheme(scheme: 'light' | 'dark'): Promise<void>;
  /** Moves the mouse to the middle of an element, scrolled into view. */
  hover(selector: string): Promise<void>;
  press(key: string): Promise<void>;
}

const keyCodes: Readonly<Record<string, number>> = {
  ArrowLeft: 37,
  ArrowRight: 39,
  ArrowDown: 40,
  Enter: 13,
  Escape: 27,
  ' ': 32,
};

export async function openHtml(html: string): Promise<OpenHtml> {
  const folder = mkdtempSync(join(tmpdir(), 'namm-report-'));
  const path = join(folder, 'page.html');
  writeFileSync(path, html);
  const address = pathToFileURL(path).href;
  const page = await openPage(address);
  return {
    ...page,
    address,
    async close() {
      await page.close();
      rmSync(folder, { recursive: true });
    },
    async resize(width, height) {
      const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
      await page.send('Emulation.setDeviceMetricsOverride', metrics);
      // Charts are drawn again when the page has been laid out.
      await page.evaluate(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))',
      );
    },
    async preferScheme(value) {
      const features = [{ name: 'prefers-color-scheme', value }];
      await page.send('Emulation.setEmulatedMedia', { features });
    },
    async hover(selector) {
      const script = `(() => {
        const found = document.querySelector(${JSON.stringify(selector)});
        found.scrollIntoView({ block: 'center' });
        const { x, y, width, height } = found.getClientRects()[0];
        return [x + width / 2, y + height / 2];
      })()`;
      const [x, y] = (await page.evaluate(script)) as [number, number];
      await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    },
    async press(key) {
      const code = { key, windowsVirtualKeyCode: keyCodes[key], code: key === ' ' ? 'Space' : key };
      await page.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...code });
      await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...code });
    },
  };
}
