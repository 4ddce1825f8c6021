import { type FrameSource, factsOf } from './frame-source.js';
import { type ImagePlace, readImages } from './read-images.js';

/**
 * Images as frames. One that cannot be read is passed over and reported; it is an error when none can.
 *
 * @param name for messages: their folder
 * @param files in order, with their page where they have several
 * @param kind whether they are frames of one video
 * @param perSecond how many frames a second of the video has
 */
export function imageFiles(
  name: string,
  files: readonly Omit<ImagePlace, 'timestamp'>[],
  kind: FrameSource['kind'],
  perSecond: number,
): FrameSource {
  const timestamps = files.map((_, index) => index / perSecond);
  return {
    name,
    kind,
    facts: async () => factsOf(timestamps),
    // A picture that was named is wanted; of a video the other frames will do.
    read: (options) =>
      readImages(
        timestamps.map((timestamp, index) => ({ ...files[index]!, timestamp })),
        { ...options, isStrict: kind === 'images' },
      ),
  };
}
