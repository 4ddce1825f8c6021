import { describe, expect, it } from 'vitest';
import { findChromium, openPage } from './index.ts';

const page = (html: string) => `data:text/html,${encodeURIComponent(html)}`;

describe.skipIf(findChromium() === null)('openPage', () => {
  it('runs scripts and gives values, promises included', async () => {
    const opened = await openPage(page('<p>text</p><script>window.answer = 6 * 7</script>'));
    try {
      expect(await opened.evaluate('document.querySelector("p").textContent')).toBe('text');
      expect(await opened.evaluate('Promise.resolve([answer])')).toEqual([42]);
      const size = { width: 321, height: 200, deviceScaleFactor: 1, mobile: false };
      await opened.send('Emulation.setDeviceMetricsOverride', size);
      expect(await opened.evaluate('innerWidth')).toBe(321);
      expect(opened.errors).toEqual([]);
      await expect(opened.evaluate('nothing.here')).rejects.toThrow(/nothing is not defined/);
    } finally {
      await opened.close();
    }
  });

  it('keeps what went wrong and what was asked for', async () => {
    const broken =
      '<img src="file:///absent.png"><script>console.error("said"); throw new Error("thrown")</script>';
    const opened = await openPage(page(broken));
    try {
      const errors = opened.errors.join('\n');
      expect(errors).toMatch(/said/);
      expect(errors).toMatch(/Error: thrown/);
      expect(opened.requests).toContain('file:///absent.png');
    } finally {
      await opened.close();
    }
  });

  it('says that an address does not load', async () => {
    await expect(openPage('file:///absent/page.html')).rejects.toThrow(/ERR_FILE_NOT_FOUND/);
  });
});
