export {
  FfmpegMissingError,
  FrameError,
  FrameSourceError,
  PlaceholderError,
} from './errors.js';
export type { FrameSpan } from './frame-spans.js';
export type { FilledPatches, PreparedImage } from './images/image-processor.js';
export type { EncodedFrame } from './model/encoded-frame.js';
export type { EncodeTileOptions, VisionEncoder } from './model/vision-encoder.js';
export type { ShownVideo } from './prompt/prompt-layout.js';
export type { Frame } from './sources/frame.js';
export type {
  FrameProblem,
  FrameSource,
  ReadFramesOptions,
  VideoFacts,
} from './sources/frame-source.js';
export { type OpenFramesOptions, openFrames, type VideoInput } from './sources/open-frames.js';
export { type Sampling, sampleFrames } from './sources/sample-frames.js';
export {
  type AskVideoOptions,
  VideoModel,
  type VideoModelOptions,
  type ViewOptions,
} from './video-model.js';
export type { Viewing, ViewingMemory } from './viewing.js';
export type { AnswerOptions, SourceOptions, ViewingOptions } from './viewing-options.js';
