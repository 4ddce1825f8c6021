import { loadSharp } from './load-sharp.js';
import type { Picture } from './resize.js';

/** Pixels across: what a film strip shows, on a screen with two dots per pixel. */
const width = 192;

/** A small JPEG of a picture. */
export async function thumbnail(picture: Picture): Promise<Uint8Array> {
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const sharp = await loadSharp();
  return sharp(picture.rgb, { raw })
    .resize({ width, height: width, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 70 })
    .toBuffer();
}
