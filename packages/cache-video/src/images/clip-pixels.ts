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
  // Cut as transformers 5 does; torchvision's own CenterCrop, which transformers 4 used, rounds half a pixel to even.
  const [left, top] = [Math.trunc((w - crop) / 2), Math.trunc((h - crop) / 2)];
  const window = { left, top, width: crop, height: crop };
  return toPixels(resize(picture, w, h, filter, window), scale);
}
