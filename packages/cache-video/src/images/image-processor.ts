import type { Picture } from './resize.js';

/** An image as a vision tower reads it: one tile, or several with the whole image last. */
export interface PreparedImage {
  /** Each `[3, size, size]`. */
  readonly tiles: readonly Float32Array[];
  /** Rows and columns of tiles that the image is cut into; 0 when it is not. */
  readonly rows: number;
  readonly columns: number;
}

/** Turns images into what the vision tower of a model reads, as the model's processor in transformers does. */
export interface ImageProcessor {
  /** A frame of a video: one tile. */
  frame(picture: Picture): PreparedImage;
  /** An image of its own, which some models look at in parts. */
  image(picture: Picture): PreparedImage;
}
