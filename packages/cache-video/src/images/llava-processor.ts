import { type AnyResolutionSettings, anyResolution } from './any-resolution.js';
import { type ClipSettings, clipPixels } from './clip-pixels.js';
import type { ImageProcessor } from './image-processor.js';

export interface LlavaProcessorSettings {
  /** Of frames. */
  readonly frame: ClipSettings;
  /** Of images of their own. */
  readonly image: ClipSettings & Pick<AnyResolutionSettings, 'resolutions' | 'patches'>;
}

/** LLaVA-NeXT-Video's processor: the middle of a frame is one tile, an image of its own becomes several. */
export function llavaProcessor({ frame, image }: LlavaProcessorSettings): ImageProcessor {
  const { resolutions, patches, shortestEdge: wholeEdge, crop: tile, filter } = image;
  const settings = { resolutions, patches, wholeEdge, tile, filter };
  return {
    frame: (picture) => ({ tiles: [clipPixels(picture, frame)], rows: 0, columns: 0 }),
    image: (picture) =>
      anyResolution(picture, { ...settings, toTile: (part) => clipPixels(part, image) }),
  };
}
