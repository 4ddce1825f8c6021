export { findChromium } from './find-chromium.mjs';
export { openPage, type Page } from './open-page.ts';
