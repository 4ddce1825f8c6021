export { askAboutVideo } from './video/ask-about-video.js';
export { benchVideos } from './video/bench-videos.js';
export { watchVideo } from './video/watch-video.js';
