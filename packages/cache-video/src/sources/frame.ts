import { FrameError } from '../errors.js';

/** One picture of a video. */
export interface Frame {
  /** Seconds from the beginning of the video. */
  readonly timestamp: number;
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green and blue from 0 to 255, row by row, `[height, width, 3]`. */
  readonly rgb: Uint8Array;
}

/** As many pixels as a frame may have: 8,192 × 8,192. More would be a damaged file, or take the memory. */
export const mostPixels = 2 ** 26;

/**
 * Checks a frame that comes from a caller.
 *
 * @throws {FrameError} naming what does not fit
 */
export function checkFrame(frame: Frame): Frame {
  const { timestamp, width, height, rgb } = frame ?? {};
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new FrameError(`The ${name} of a frame is ${value}, not a whole number from 1 on.`);
    }
  }
  if (width * height > mostPixels) {
    throw new FrameError(`A frame of ${width} × ${height} is too large; scale it down first.`);
  }
  if (!(rgb instanceof Uint8Array) || rgb.length !== width * height * 3) {
    const size = rgb instanceof Uint8Array ? `${rgb.length} bytes` : 'no Uint8Array';
    throw new FrameError(
      `rgb of a frame of ${width} × ${height} is ${size}; it needs ${width * height * 3} bytes, three per pixel.`,
    );
  }
  if (!Number.isFinite(timestamp) || timestamp < 0) {
    throw new FrameError(`The timestamp of a frame is ${timestamp}, not seconds from 0 on.`);
  }
  return frame;
}
