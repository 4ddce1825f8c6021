import { type Filter, type Picture, resize } from './resize.js';
import { type PixelScale, toPixels } from './to-pixels.js';

export interface ClipSettings {
  /** Length that the shorter edge gets. */
  readonly shortestEdge: number;
  /** Edge of the square that is cut from the middle. */
  readonly crop: number;
  readonly filter: Filter;
  readonly scale: PixelScale;
}

/**
 * What CLIP reads of a picture: the shorter edge is resized, and the middle cut out.
 *
 * @returns `[3, crop, crop]`
 */
export function clipPixels(picture: Picture, settings: ClipSettings): Float32Array {
  const { shortestEdge, crop, filter, scale } = settings;
  const { width, height } = picture;
  const longer = (one: number, other: number) => Math.trunc((shortestEdge * one) / other);
  const [w, h] =
    width < height ? [shortestEdge, longer(height, width)] : [longer(width, height), shortestEdge];
  const window = {
    ...{ left: roundHalfEven((w - crop) / 2), top: roundHalfEven((h - crop) / 2) },
    ...{ width: crop, height: crop },
  };
  return toPixels(resize(picture, w, h, filter, window), scale);
}

/** As Python rounds, in which transformers counts the margins. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
