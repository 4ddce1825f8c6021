import { type FrameSource, factsOf } from './frame-source.js';
import { readImages } from './read-images.js';

/** Milliseconds that browsers show a frame whose file does not say how long. */
const usualDelay = 100;

/**
 * An animated GIF or WebP.
 *
 * @param path of the file
 * @param delays milliseconds of each frame, as the file says
 */
export function animatedImage(path: string, delays: readonly number[]): FrameSource {
  const timestamps: number[] = [];
  let milliseconds = 0;
  for (const delay of delays) {
    timestamps.push(milliseconds / 1000);
    milliseconds += delay > 0 ? delay : usualDelay;
  }
  return {
    name: path,
    kind: 'video',
    facts: async () => ({ ...factsOf(timestamps), duration: milliseconds / 1000 }),
    read: (options) =>
      readImages(
        timestamps.map((timestamp, page) => ({ path, timestamp, page })),
        { ...options, isStrict: false },
      ),
  };
}
