import type { ConfigReader } from '@namm/decoder';
import type { FilledPatches, PreparedImage } from './image-processor.js';
import { type Filter, type Picture, resize } from './resize.js';

/** Height and width of an image that is cut into tiles, in pixels. */
export type Resolution = readonly [height: number, width: number];

export interface AnyResolutionSettings {
  /** Of which each image gets the one that fits it best; each a multiple of the tile. */
  readonly resolutions: readonly Resolution[];
  /** Edge of the square that the whole image becomes, before it is read as a tile. */
  readonly wholeEdge: number;
  /** Edge of a tile. */
  readonly tile: number;
  /** Patches along an edge of a tile. */
  readonly patches: number;
  readonly filter: Filter;
  /** The numbers that the tower reads of a tile. */
  readonly toTile: (picture: Picture) => Float32Array;
}

/** What transformers assumes where neither the model nor its processor says any. */
const usualResolutions = '336x672 672x336 672x672 1008x336 336x1008'
  .split(' ')
  .map((text) => text.split('x').map(Number) as unknown as Resolution);

/** More tiles would be a mistake: published models have six at most. */
const mostTiles = 256;

/**
 * LLaVA-NeXT's way with images of any shape: the whole image as one tile, then the image in the resolution that fits it
 * best, black where it leaves room, cut into tiles row by row.
 */
export function anyResolution(picture: Picture, settings: AnyResolutionSettings): PreparedImage {
  const { resolutions, wholeEdge, tile, patches, filter, toTile } = settings;
  const [height, width] = bestResolution(picture, resolutions);
  const [rows, columns] = [height / tile, width / tile];
  const fitted = padded(fitInto(picture, width, height, filter), width, height);
  const tiles = Array.from({ length: rows * columns }, (_, i) =>
    toTile(cut(fitted, (i % columns) * tile, Math.floor(i / columns) * tile, tile)),
  );
  return {
    tiles: [toTile(resize(picture, wholeEdge, wholeEdge, filter)), ...tiles],
    ...{ rows, columns },
    filled: filledPatches(picture, rows * patches, columns * patches),
  };
}

/**
 * The resolutions of a folder, which its processor or its model names; a single tile where neither does, and the usual ones
 * do not suit.
 *
 * @throws {ModelFolderError} when they differ, or tiles of this edge do not fill one
 */
export function readResolutions(
  processor: ConfigReader,
  model: ConfigReader,
  tile: number,
): readonly Resolution[] {
  const [named, own] = [processor, model].map((config) => resolutionsOf(config, tile));
  if (named && own && `${named.toSorted()}` !== `${own.toSorted()}`) {
    processor.fail(key, `${JSON.stringify(named)} are not those of config.json`);
  }
  const isUsual = usualResolutions.every((each) => fits(each, tile));
  return named ?? own ?? (isUsual ? usualResolutions : [[tile, tile]]);
}

const key = 'image_grid_pinpoints';

function resolutionsOf(config: ConfigReader, tile: number): readonly Resolution[] | null {
  const all = config.optionalPairs(key);
  const unfit = all?.find((each) => !fits(each, tile));
  if (!unfit) return all;
  const problem = `[${unfit}] is not in multiples of ${tile}, the edge of a tile`;
  return config.fail(key, `${problem}, or has more than ${mostTiles} tiles`);
}

const fits = ([height, width]: Resolution, tile: number) =>
  height % tile === 0 && width % tile === 0 && (height / tile) * (width / tile) <= mostTiles;

/** The one in which most of the image's pixels are left, and of these the smallest. */
function bestResolution(
  { width, height }: Picture,
  resolutions: readonly Resolution[],
): Resolution {
  let best = resolutions[0]!;
  let [mostUsed, leastWasted] = [0, Number.POSITIVE_INFINITY];
  for (const resolution of resolutions) {
    const [h, w] = resolution;
    const scale = Math.min(w / width, h / height);
    const used = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    const wasted = w * h - used;
    if (used > mostUsed || (used === mostUsed && wasted < leastWasted)) {
      [best, mostUsed, leastWasted] = [resolution, used, wasted];
    }
  }
  return best;
}

/** As large as it can be within a size, in its own shape. */
function fitInto(picture: Picture, width: number, height: number, filter: Filter): Picture {
  const [across, down] = [width / picture.width, height / picture.height];
  const [w, h] =
    across < down
      ? [width, Math.min(Math.ceil(picture.height * across), height)]
      : [Math.min(Math.ceil(picture.width * down), width), height];
  return resize(picture, w, h, filter);
}

/** In the middle of black; an odd pixel of it is to the right and below. */
function padded(picture: Picture, width: number, height: number): Picture {
  const rgb = new Uint8Array(width * height * 3);
  const left = Math.floor((width - picture.width) / 2);
  const top = Math.floor((height - picture.height) / 2);
  const length = picture.width * 3;
  for (let y = 0; y < picture.height; y++) {
    const row = picture.rgb.subarray(y * length, (y + 1) * length);
    rgb.set(row, ((top + y) * width + left) * 3);
  }
  return { width, height, rgb };
}

function cut({ width, rgb }: Picture, left: number, top: number, edge: number): Picture {
  const part = new Uint8Array(edge * edge * 3);
  for (let y = 0; y < edge; y++) {
    const from = ((top + y) * width + left) * 3;
    part.set(rgb.subarray(from, from + edge * 3), y * edge * 3);
  }
  return { width: edge, height: edge, rgb: part };
}

/** The patches of the tiles that show something of the image, as the model's own rule counts them. */
function filledPatches(picture: Picture, rows: number, columns: number): FilledPatches {
  const whole = (x: number) => Math.trunc(Number(x.toFixed(7)));
  if (picture.width / picture.height > columns / rows) {
    const height = whole(picture.height * (columns / picture.width));
    const top = Math.floor((rows - height) / 2);
    return { left: 0, top, width: columns, height: rows - 2 * top };
  }
  const width = whole(picture.width * (rows / picture.height));
  const left = Math.floor((columns - width) / 2);
  return { left, top: 0, width: columns - 2 * left, height: rows };
}
