import { FrameError } from '../errors.js';
import { checkFrame, type Frame } from './frame.js';
import { type FrameSource, factsOf, wantedFrames } from './frame-source.js';

/** The frames of a caller: a list, which can be read again, or a stream, which cannot. */
export function givenFrames(frames: Iterable<Frame> | AsyncIterable<Frame>): FrameSource {
  return {
    name: 'the frames given',
    kind: 'video',
    facts: async () => (Array.isArray(frames) ? factsOf(frames.map(timestampsInOrder())) : null),
    async *read(options = {}) {
      const isWanted = wantedFrames(options);
      const timestampOf = timestampsInOrder();
      let index = 0;
      for await (const frame of frames) {
        options.signal?.throwIfAborted();
        if (isWanted(index++, timestampOf(frame))) yield frame;
      }
    },
  };
}

/** Checks frames one after the other, and gives their timestamps. */
function timestampsInOrder(): (frame: Frame) => number {
  let last = 0;
  return (frame) => {
    const { timestamp } = checkFrame(frame);
    if (timestamp < last) {
      const problem = `A frame at ${timestamp} s comes after one at ${last} s`;
      throw new FrameError(`${problem}; give frames in the order of their times.`);
    }
    last = timestamp;
    return timestamp;
  };
}
