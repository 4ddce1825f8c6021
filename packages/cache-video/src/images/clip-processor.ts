import type { ImageProcessor } from './image-processor.js';
import { type Filter, type Picture, resize } from './resize.js';
import { type PixelScale, toPixels } from './to-pixels.js';

export interface ClipProcessorSettings {
  /** Length that the shorter edge gets. */
  readonly shortestEdge: number;
  /** Edge of the square that is cut from the middle. */
  readonly crop: number;
  readonly filter: Filter;
  readonly scale: PixelScale;
}

/**
 * LLaVA-NeXT-Video's processor for frames: the shorter edge is resized, and the middle cut out. An image of its own is
 * read as a frame.
 */
export function clipProcessor(settings: ClipProcessorSettings): ImageProcessor {
  const { shortestEdge, crop, filter, scale } = settings;
  const frame = (picture: Picture) => {
    const { width, height } = picture;
    const longer = (one: number, other: number) => Math.trunc((shortestEdge * one) / other);
    const [w, h] =
      width < height
        ? [shortestEdge, longer(height, width)]
        : [longer(width, height), shortestEdge];
    const window = {
      ...{ left: roundHalfEven((w - crop) / 2), top: roundHalfEven((h - crop) / 2) },
      ...{ width: crop, height: crop },
    };
    const cut = resize(picture, w, h, filter, window);
    return { tiles: [toPixels(cut, scale)], rows: 0, columns: 0 };
  };
  return { frame, image: frame };
}

/** As Python rounds, in which transformers counts the margins. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
