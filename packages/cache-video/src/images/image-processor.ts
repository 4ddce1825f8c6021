import type { Picture } from './resize.js';

/** An image as a vision tower reads it: one tile, or several with the whole image before or after them. */
export interface PreparedImage {
  /** Each `[3, size, size]`. */
  readonly tiles: readonly Float32Array[];
  /** Rows and columns of tiles that the image is cut into; 0 if it is not cut. */
  readonly rows: number;
  readonly columns: number;
  /**
   * Where the rows of all tiles become one block, the whole image first: which patches of the other tiles show something.
   */
  readonly filled?: FilledPatches;
}

/** A part of the patches of all tiles, side by side as they were cut. */
export interface FilledPatches {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Turns images into what the vision tower of a model reads, as the model's processor in transformers does. */
export interface ImageProcessor {
  /** A frame of a video: one tile. */
  frame(picture: Picture): PreparedImage;
  /** A still image, which some models read in tiles. */
  image(picture: Picture): PreparedImage;
}
