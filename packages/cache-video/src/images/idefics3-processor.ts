import type { ImageProcessor, PreparedImage } from './image-processor.js';
import { type Filter, type Picture, resize } from './resize.js';
import { type PixelScale, toPixels } from './to-pixels.js';

/** How pictures of one kind become pixels. */
interface Reading {
  /** Length that the longer edge gets first. */
  readonly edge: number;
  readonly filter: Filter;
  readonly scale: PixelScale;
}

export interface Idefics3ProcessorSettings {
  /** Of frames, which are made squares. */
  readonly frame: Reading;
  /** Of images of their own, which are cut into tiles. */
  readonly image: Reading;
  /** Edge of a tile: the image size of the vision tower. */
  readonly tile: number;
  /** Whether images of their own are cut into tiles. */
  readonly splits: boolean;
}

/** No image becomes larger than this while it is prepared. */
const longestEdge = 4096;

/**
 * The processor of Idefics3 and SmolVLM. Frames become squares; images of their own are cut into tiles, which are followed
 * by the whole image.
 */
export function idefics3Processor(settings: Idefics3ProcessorSettings): ImageProcessor {
  const { tile, splits } = settings;
  const single = (picture: Picture, { edge, filter, scale }: Reading): PreparedImage => {
    const [width, height] = withLongerEdge(picture, edge);
    const square = resize(resize(picture, width, height, filter), tile, tile, filter);
    return { tiles: [toPixels(square, scale)], rows: 0, columns: 0 };
  };
  return {
    frame: (picture) => single(picture, settings.frame),
    image(picture) {
      if (!splits) return single(picture, settings.image);
      const { edge, filter, scale } = settings.image;
      const [width, height] = withLongerEdge(picture, edge);
      const [w, h] = wholeTiles(width, height, tile);
      const resized = resize(resize(picture, width, height, filter), w, h, filter);
      const [columns, rows] = [w / tile, h / tile];
      if (rows === 1 && columns === 1) {
        return { tiles: [toPixels(resized, scale)], rows: 0, columns: 0 };
      }
      const tiles = Array.from({ length: rows * columns }, (_, i) => {
        const [left, top] = [(i % columns) * tile, Math.floor(i / columns) * tile];
        return toPixels(resized, scale, { left, top, width: tile, height: tile });
      });
      return {
        tiles: [...tiles, toPixels(resize(resized, tile, tile, filter), scale)],
        rows,
        columns,
      };
    },
  };
}

/** Width and height with a longer edge of this length; the other is even. */
function withLongerEdge({ width, height }: Picture, edge: number): [number, number] {
  const longer = Math.min(edge, longestEdge);
  const other = (ratio: number) => {
    const length = Math.trunc(longer / ratio);
    return Math.max(1, length + (length % 2));
  };
  return width >= height ? [longer, other(width / height)] : [other(height / width), longer];
}

/** The next larger size that tiles cover, with the longer edge first. */
function wholeTiles(width: number, height: number, tile: number): [number, number] {
  const cover = (length: number) => Math.ceil(length / tile) * tile;
  const ratio = width / height;
  if (width >= height) {
    const w = cover(width);
    return [w, cover(Math.trunc(w / ratio))];
  }
  const h = cover(height);
  return [cover(Math.trunc(h * ratio)), h];
}
