import { checkFrame, type Frame } from './frame.js';
import { type FrameSource, factsOf, wantedFrames } from './frame-source.js';

/** The frames of a caller: a list, which can be read again, or a stream, which cannot. */
export function givenFrames(frames: Iterable<Frame> | AsyncIterable<Frame>): FrameSource {
  return {
    name: 'the frames given',
    kind: 'video',
    facts: async () =>
      Array.isArray(frames) ? factsOf(frames.map((frame) => checkFrame(frame).timestamp)) : null,
    async *read(options = {}) {
      const isWanted = wantedFrames(options);
      let index = 0;
      for await (const frame of frames) {
        options.signal?.throwIfAborted();
        const { timestamp } = checkFrame(frame);
        if (isWanted(index++, timestamp)) yield frame;
      }
    },
  };
}
