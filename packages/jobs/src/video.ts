export {
  type AskAboutVideoOptions,
  askAboutVideo,
  type VideoAnswer,
} from './video/ask-about-video.js';
export { type BenchVideosOptions, benchVideos } from './video/bench-videos.js';
export type { LookOptions } from './video/look.js';
export { type WatchVideoOptions, watchVideo } from './video/watch-video.js';
