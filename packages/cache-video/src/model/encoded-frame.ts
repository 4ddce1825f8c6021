import type { PreparedImage } from '../images/image-processor.js';
import type { Shown } from '../prompt/prompt-layout.js';
import type { Frame } from '../sources/frame.js';

/** A frame after the vision tower, for any number of viewings with the same model. */
export interface EncodedFrame {
  readonly frame: Frame;
  /** What the tower read. */
  readonly image: PreparedImage;
  /**
   * Rows for the decoder, in blocks with text between them: one block per tile, or one for all, `[rows, hiddenSize]`.
   */
  readonly blocks: readonly Float32Array[];
  readonly shown: Shown;
  /** Digest of the model's configuration and weights. */
  readonly model: string;
}
