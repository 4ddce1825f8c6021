import { Random } from '@namm/core';
import type { ClipStory } from './clip.js';
import { type ClipPlace, type ClipShape, clipColours, clipPlaces } from './clip-words.js';

/** Pixels along an edge of a frame. */
export const clipFrameSize = 32;

/** What pixels can be: dark and bright background, grey, and the colours of things. */
export const clipPalette: readonly (readonly [number, number, number])[] = [
  [40, 40, 40],
  [215, 215, 215],
  [120, 120, 120],
  ...Object.values(clipColours),
];

const colourNames = Object.keys(clipColours);

/** Bytes that noise moves a colour by at most. */
export const clipNoise = 8;

/** A frame as a video model takes it. */
export interface ClipFrame {
  /** Seconds: a clip shows a frame each second. */
  readonly timestamp: number;
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]` */
  readonly rgb: Uint8Array;
}

/**
 * Paints a frame without noise.
 *
 * @returns per pixel, row by row, its number in {@link clipPalette}
 */
export function paintClipFrame({ events, rests }: ClipStory, frame: number): Uint8Array {
  const isNow = (each: { readonly frame: number; readonly frames: number }) =>
    frame >= each.frame && frame < each.frame + each.frames;
  const event = events.find(isNow);
  const pixels = new Uint8Array(clipFrameSize ** 2).fill(event?.isBright ? 1 : 0);
  const rest = rests.find(isNow);
  if (rest) paint(pixels, rest.shape, rest.place, 2);
  if (event) paint(pixels, event.shape, event.place, 3 + colourNames.indexOf(event.colour));
  return pixels;
}

/**
 * The frames of a clip, each with noise of its own, so that still ones differ too.
 *
 * @param clip its story, and the seed and number that the noise is drawn from
 */
export function* clipFrames(
  clip: ClipStory & { readonly seed: number; readonly index: number },
): Generator<ClipFrame, void> {
  for (let frame = 0; frame < clip.length; frame++) {
    const painted = paintClipFrame(clip, frame);
    const random = new Random(clip.seed, 100, clip.index, frame);
    const rgb = new Uint8Array(3 * painted.length);
    for (let i = 0; i < rgb.length; i++) {
      const noise = random.integer(2 * clipNoise + 1) - clipNoise;
      rgb[i] = Math.min(
        255,
        Math.max(0, clipPalette[painted[Math.floor(i / 3)]!]![i % 3]! + noise),
      );
    }
    yield { timestamp: frame, width: clipFrameSize, height: clipFrameSize, rgb };
  }
}

/** Paints a shape into the middle of a quarter. */
function paint(pixels: Uint8Array, shape: ClipShape, place: ClipPlace, value: number): void {
  const half = clipFrameSize / 2;
  const quarter = clipPlaces.indexOf(place);
  const [left, top] = [(quarter % 2) * half, Math.floor(quarter / 2) * half];
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const middle = (half - 1) / 2;
      if (covers[shape](x - middle, y - middle)) {
        pixels[(top + y) * clipFrameSize + left + x] = value;
      }
    }
  }
}

/** Whether a shape covers a point, counted from its middle. */
const covers: Readonly<Record<ClipShape, (x: number, y: number) => boolean>> = {
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 5,
  ring: (x, y) => Math.hypot(x, y) < 6.2 && Math.hypot(x, y) > 3.2,
  cross: (x, y) =>
    Math.min(Math.abs(x), Math.abs(y)) < 1.8 && Math.max(Math.abs(x), Math.abs(y)) < 6,
  triangle: (x, y) => Math.abs(y) < 6 && Math.abs(x) < (y + 6) / 2,
  bar: (x, y) => Math.abs(y) < 2 && Math.abs(x) < 7,
  dot: (x, y) => Math.hypot(x, y) < 3,
};
