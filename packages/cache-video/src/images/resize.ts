/** How pixels between pixels are made, as Pillow names it. */
export type Filter = 'bilinear' | 'bicubic' | 'lanczos';

/** An image without a time: `[height, width, 3]`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Part of an image that is made. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Reach of a filter in pixels, and its weight at a distance. */
const filters: Readonly<Record<Filter, readonly [reach: number, weight: (x: number) => number]>> = {
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [2, (x) => cubic(Math.abs(x))],
  lanczos: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

/**
 * Resizes an image as Pillow and torchvision do with antialiasing: columns first, then rows, each rounded to bytes.
 * libvips, which sharp and transformers.js use, filters otherwise, and models see other pixels: up to 17 of 255 apart on
 * the reference images.
 *
 * @param picture to resize
 * @param width of the whole result
 * @param height of the whole result
 * @param filter that mixes pixels
 * @param window part of the result that is made; all of it when left out
 * @returns the window
 */
export function resize(
  picture: Picture,
  width: number,
  height: number,
  filter: Filter,
  window: Window = { left: 0, top: 0, width, height },
): Picture {
  const across = taps(picture.width, width, window.left, window.width, filter);
  const down = taps(picture.height, height, window.top, window.height, filter);
  // Rows that no row of the window is made of need no columns.
  const firstRow = down.first[0]!;
  const rows = down.first.at(-1)! + down.weights.at(-1)!.length - firstRow;
  const narrow = new Uint8Array(rows * window.width * 3);
  for (let y = 0; y < rows; y++) {
    const source = (firstRow + y) * picture.width * 3;
    mix(picture.rgb, source, 3, across, narrow, y * window.width * 3);
  }
  const rgb = new Uint8Array(window.height * window.width * 3);
  const stride = window.width * 3;
  for (let y = 0; y < window.height; y++) {
    const weights = down.weights[y]!;
    const start = (down.first[y]! - firstRow) * stride;
    for (let x = 0; x < stride; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * narrow[start + i * stride + x]!;
      rgb[y * stride + x] = toByte(sum);
    }
  }
  return { width: window.width, height: window.height, rgb };
}

/** Of which pixels each pixel of a row is made. */
interface Taps {
  readonly first: readonly number[];
  readonly weights: readonly Float64Array[];
}

function taps(from: number, to: number, start: number, count: number, filter: Filter): Taps {
  const first: number[] = [];
  const weights: Float64Array[] = [];
  const [reach, weight] = filters[filter];
  const scale = from / to;
  const spread = Math.max(scale, 1);
  for (let i = start; i < start + count; i++) {
    if (from === to) {
      first.push(i);
      weights.push(Float64Array.of(1));
      continue;
    }
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - reach * spread + 0.5));
    const high = Math.min(from, Math.trunc(centre + reach * spread + 0.5));
    const own = Float64Array.from({ length: high - low }, (_, j) =>
      weight((low + j - centre + 0.5) / spread),
    );
    const sum = own.reduce((total, each) => total + each, 0);
    first.push(low);
    weights.push(own.map((each) => each / sum));
  }
  return { first, weights };
}

/** Makes one row of another width. */
function mix(
  from: Uint8Array,
  start: number,
  channels: number,
  { first, weights }: Taps,
  to: Uint8Array,
  target: number,
): void {
  for (let x = 0; x < first.length; x++) {
    const own = weights[x]!;
    const left = start + first[x]! * channels;
    let [red, green, blue] = [0, 0, 0];
    for (let i = 0; i < own.length; i++) {
      const at = left + i * channels;
      red += own[i]! * from[at]!;
      green += own[i]! * from[at + 1]!;
      blue += own[i]! * from[at + 2]!;
    }
    const at = target + x * channels;
    to[at] = toByte(red);
    to[at + 1] = toByte(green);
    to[at + 2] = toByte(blue);
  }
}

const toByte = (x: number) => Math.max(0, Math.min(255, Math.floor(x + 0.5)));

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Keys' cubic with a = −0.5, for a distance from 0 on. */
function cubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
