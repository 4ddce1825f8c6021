import type { PreparedImage } from '../images/image-processor.js';
import type { Shown } from '../prompt/prompt-layout.js';
import type { Frame } from '../sources/frame.js';

/** A frame that the vision tower has looked at: for any number of viewings of its model. */
export interface EncodedFrame {
  readonly frame: Frame;
  /** What the tower read. */
  readonly image: PreparedImage;
  /** Rows of the decoder, in blocks that text stands between: a block per tile, or one for all, `[rows, hiddenSize]`. */
  readonly blocks: readonly Float32Array[];
  readonly shown: Shown;
  /** Digest of the model's configuration and weights. */
  readonly model: string;
}
