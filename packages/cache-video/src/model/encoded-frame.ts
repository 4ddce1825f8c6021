import type { PreparedImage } from '../images/image-processor.js';
import type { Shown } from '../prompt/prompt-writer.js';
import type { Frame } from '../sources/frame.js';

/** A frame that the vision tower has looked at: for any number of viewings of its model. */
export interface EncodedFrame {
  readonly frame: Frame;
  /** What the tower read. */
  readonly image: PreparedImage;
  /** Rows of the decoder, per tile `[rows, hiddenSize]`. */
  readonly tiles: readonly Float32Array[];
  readonly shown: Shown;
  /** Digest of the model's configuration and weights. */
  readonly model: string;
}
