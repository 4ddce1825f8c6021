import type { PreparedImage } from '../images/image-processor.js';

/** What is shown: frames of one video, or images of their own. */
export type Shown = 'video' | 'images';

/** How many frames are shown, of a video how long. */
export interface ShownVideo {
  readonly frames: number;
  /** Seconds. */
  readonly duration: number;
}

/** The text around the rows of one frame. */
export interface FrameText {
  /** Before the rows of each tile. */
  readonly before: readonly string[];
  /** Behind the rows of the last. */
  readonly after: string;
}

/** The prompt of a family: text in which the rows of frames stand. */
export interface PromptLayout {
  /** The token that stands for one row of what is shown. */
  readonly placeholders: Readonly<Record<Shown, string>>;
  /** The tokens that a folder's chat template writes for a whole video or image. */
  readonly marks: Readonly<Record<Shown, string>>;
  /** Text between two images, where the folder's template does not say. */
  readonly gap: string;
  /** A conversation as the family publishes it, for folders whose template has no place for what is shown. */
  published(mark: string, question: string): string;
  /**
   * Text before the first frame, behind what the conversation begins with.
   *
   * @param video what is known of it; null while it is still going on
   */
  introduction(video: ShownVideo | null): string;
  /** Text around a frame. @param timestamp in seconds */
  frame(image: PreparedImage, timestamp: number): FrameText;
  /** Text around an image of its own. */
  image(image: PreparedImage): FrameText;
  /** Text between the last frame and what the conversation goes on with. */
  readonly conclusion: string;
}
