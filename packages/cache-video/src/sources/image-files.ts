import { FrameSourceError } from '../errors.js';
import { type FrameSource, factsOf, wantedFrames } from './frame-source.js';
import { readImage } from './read-image.js';

/**
 * Images as frames. One that cannot be read is passed over and reported; it is an error when none can.
 *
 * @param name for messages: their folder
 * @param files in order
 * @param kind whether they are frames of one video
 * @param perSecond how many frames a second of the video has
 */
export function imageFiles(
  name: string,
  files: readonly string[],
  kind: FrameSource['kind'],
  perSecond: number,
): FrameSource {
  return {
    name,
    kind,
    facts: async () => factsOf(files.map((_, index) => index / perSecond)),
    async *read(options = {}) {
      const isWanted = wantedFrames(options);
      let count = 0;
      let lastProblem: unknown = null;
      for (const [index, file] of files.entries()) {
        options.signal?.throwIfAborted();
        const timestamp = index / perSecond;
        if (!isWanted(index, timestamp)) continue;
        let frame: Awaited<ReturnType<typeof readImage>>;
        try {
          frame = await readImage(file, timestamp);
        } catch (error) {
          if (!(error instanceof FrameSourceError)) throw error;
          // A picture that was named is wanted; of a video the other frames will do.
          if (kind === 'images') throw error;
          lastProblem = error;
          options.onProblem?.({ message: error.message });
          continue;
        }
        count++;
        yield frame;
      }
      if (count === 0 && lastProblem !== null) throw lastProblem;
    },
  };
}
