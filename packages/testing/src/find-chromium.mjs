import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'chrome.exe',
];

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Where Playwright keeps the browsers that it downloads. */
function playwrightPrograms() {
  const folder = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright');
  try {
    const versions = readdirSync(folder).filter((name) => name.startsWith('chromium'));
    return versions.flatMap((name) => [
      join(folder, name, 'chrome-linux', 'chrome'),
      join(folder, name, 'chrome-linux', 'headless_shell'),
    ]);
  } catch {
    return [];
  }
}

/**
 * The path of a Chromium or Chrome: `CHROMIUM_PATH` if set, else one that
 * `node scripts/install-chromium.mjs` installed, on the PATH, of Playwright, or in its usual place.
 * Null when there is none.
 *
 * @returns {string | null}
 */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [
    fileURLToPath(new URL('../../../.tools/chromium/run', import.meta.url)),
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    ...playwrightPrograms(),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  return candidates.find(isProgram) ?? null;
}
