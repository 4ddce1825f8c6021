import { FrameSourceError } from '../errors.js';
import type { Frame } from './frame.js';
import { type ReadFramesOptions, wantedFrames } from './frame-source.js';
import { readImage } from './read-image.js';

/** A picture of a file. */
export interface ImagePlace {
  readonly path: string;
  readonly timestamp: number;
  /** Of an animation or a document, from 0. */
  readonly page?: number;
}

/**
 * Reads pictures one by one. One that cannot be read is passed over and reported; it is an error when none can, and always
 * where each is wanted.
 *
 * @throws {FrameSourceError} naming the file
 */
export async function* readImages(
  places: readonly ImagePlace[],
  { isStrict, ...options }: ReadFramesOptions & { readonly isStrict: boolean },
): AsyncGenerator<Frame, void> {
  const isWanted = wantedFrames(options);
  let count = 0;
  let lastProblem: unknown = null;
  for (const [index, { path, timestamp, page }] of places.entries()) {
    options.signal?.throwIfAborted();
    if (!isWanted(index, timestamp)) continue;
    let frame: Frame;
    try {
      frame = await readImage(path, timestamp, page);
    } catch (error) {
      if (!(error instanceof FrameSourceError) || isStrict) throw error;
      lastProblem = error;
      options.onProblem?.({ message: error.message });
      continue;
    }
    count++;
    yield frame;
  }
  if (count === 0 && lastProblem !== null) throw lastProblem;
}
