import { stat } from 'node:fs/promises';
import { FrameSourceError } from '../errors.js';
import { loadSharp } from '../images/load-sharp.js';
import { type Frame, mostPixels } from './frame.js';

/** Endings of files that sharp reads. */
export const imageFile = /\.(png|jpe?g|jpe|jfif|webp|gif|tiff?|avif)$/i;

/** Endings of pictures that it does not read. Among frames they count as broken: without them the rest would move up in time. */
export const otherImageFile =
  /\.(bmp|dib|p[bgpn]m|hei[cf]|jxl|jp2|j2k|tga|exr|dpx|dng|cr[23]|nef|arw)$/i;

/**
 * Reads one picture of a file, upright and in sRGB; what is transparent is dropped.
 *
 * @param path of the file
 * @param timestamp that it gets
 * @param page of an animation or a document, from 0
 * @throws {FrameSourceError} when it is not an image that can be read
 */
export async function readImage(path: string, timestamp: number, page = 0): Promise<Frame> {
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(path, { page, limitInputPixels: mostPixels })
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { timestamp, width, height, rgb: channels === 3 ? data : repeated(data) };
  } catch (cause) {
    const size = await stat(path).then(
      ({ size }) => size,
      () => null,
    );
    if (size === 0) throw new FrameSourceError(path, 'is empty; fetch the file again.', { cause });
    throw unreadable(page === 0 ? path : `${path}, frame ${page + 1}`, cause);
  }
}

/** What is said of an image that sharp refuses. */
export function unreadable(path: string, cause: unknown): FrameSourceError {
  const lines = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  // That a warning counts as an error is said first, and what it warns of second.
  const reason = (/^Warning treated as error/.test(lines[0]!) && lines[1]) || lines[0]!;
  const isLarge = /pixel limit/.test(reason);
  const isOther = otherImageFile.test(path);
  const advice = isLarge
    ? `it has more than ${mostPixels} pixels; scale it down`
    : `${reason}${isOther ? '; convert it to PNG' : ''}`;
  return new FrameSourceError(path, `cannot be read as an image: ${advice}.`, { cause });
}

/** Grey as red, green and blue. */
function repeated(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = grey[Math.floor(i / 3)]!;
  return rgb;
}
