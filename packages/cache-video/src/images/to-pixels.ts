import type { Picture, Window } from './resize.js';

/** How bytes become the numbers that a model reads. */
export interface PixelScale {
  /** Factor on bytes: 1/255. */
  readonly rescale: number;
  /** Of red, green and blue; 0 where nothing is normalised. */
  readonly mean: readonly number[];
  /** Of red, green and blue; 1 where nothing is normalised. */
  readonly deviation: readonly number[];
}

/**
 * The numbers that a vision tower reads, `[3, height, width]`.
 *
 * @param picture that is shown
 * @param scale of its model
 * @param window part of the picture; all of it when left out
 */
export function toPixels(
  picture: Picture,
  { rescale, mean, deviation }: PixelScale,
  window: Window = { left: 0, top: 0, width: picture.width, height: picture.height },
): Float32Array {
  const { left, top, width, height } = window;
  const pixels = new Float32Array(3 * width * height);
  for (let channel = 0; channel < 3; channel++) {
    const [offset, factor] = [mean[channel]!, 1 / deviation[channel]!];
    let at = channel * width * height;
    for (let y = top; y < top + height; y++) {
      let from = (y * picture.width + left) * 3 + channel;
      for (let x = 0; x < width; x++, from += 3) {
        pixels[at++] = (picture.rgb[from]! * rescale - offset) * factor;
      }
    }
  }
  return pixels;
}
