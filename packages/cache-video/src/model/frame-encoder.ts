import type { PreparedImage } from '../images/image-processor.js';
import { packImage } from './pack-image.js';
import type { VisionEncoder } from './vision-encoder.js';

/**
 * Turns frames into rows one by one. Where neighbours that look alike may share their rows, the tower is not asked again
 * for a frame whose pixels differ little from those of the last one that it saw.
 */
export class FrameEncoder {
  readonly #encoder: VisionEncoder;
  readonly #threshold: number;
  #last: { readonly pixels: Float32Array; readonly rows: Float32Array } | null = null;
  #reused = 0;

  /**
   * @param encoder the tower
   * @param threshold mean absolute difference of pixels, as the tower reads them, below which rows are shared; 0 for never
   */
  constructor(encoder: VisionEncoder, threshold: number) {
    this.#encoder = encoder;
    this.#threshold = threshold;
  }

  /** Frames that shared the rows of an earlier one. */
  get reused(): number {
    return this.#reused;
  }

  /** The blocks of rows that a picture becomes: one per tile, or one for all of them, each `[rows, outputSize]`. */
  async encode(image: PreparedImage): Promise<Float32Array[]> {
    const { tiles, columns, filled } = image;
    if (filled) {
      const parts: Float32Array[] = [];
      for (const pixels of tiles) parts.push(await this.#encoder.encode(pixels, { pools: false }));
      return [packImage({ columns, filled }, parts, this.#encoder.newline!)];
    }
    const rows: Float32Array[] = [];
    for (const pixels of tiles) rows.push(await this.#encodeTile(pixels));
    return rows;
  }

  async #encodeTile(pixels: Float32Array): Promise<Float32Array> {
    if (this.#threshold === 0) return this.#encoder.encode(pixels);
    if (this.#last && meanDifference(pixels, this.#last.pixels) < this.#threshold) {
      this.#reused++;
      return this.#last.rows;
    }
    const rows = await this.#encoder.encode(pixels);
    this.#last = { pixels, rows };
    return rows;
  }
}

function meanDifference(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += Math.abs(one[i]! - other[i]!);
  return sum / one.length;
}
