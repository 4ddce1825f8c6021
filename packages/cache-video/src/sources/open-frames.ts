import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { FrameSourceError } from '../errors.js';
import { loadSharp } from '../images/load-sharp.js';
import { animatedImage } from './animated-image.js';
import type { Frame } from './frame.js';
import type { FrameSource } from './frame-source.js';
import { givenFrames } from './given-frames.js';
import { imageFiles } from './image-files.js';
import { isAnimatedPng } from './is-animated-png.js';
import { imageFile, otherImageFile, unreadable } from './read-image.js';
import { VideoFile } from './video-file.js';

/**
 * A video: the path of a video file, of an animated GIF, WebP or PNG, of an image, or of a folder whose images are the
 * frames; a list of image paths, which are separate images; your own frames; or an open source.
 */
export type VideoInput =
  | string
  | readonly string[]
  | Iterable<Frame>
  | AsyncIterable<Frame>
  | FrameSource;

export interface OpenFramesOptions {
  /** Frame rate of a folder of images. @defaultValue 1 */
  readonly framesPerSecond?: number;
}

/**
 * Opens a source of frames without reading any.
 *
 * @param input the video
 * @param options frame rate of a folder of images
 * @throws {FrameSourceError} when there is no such file, or a folder without images
 * @throws {InvalidArgumentError} when it is none of these
 *
 * @example
 * ```ts
 * const source = await openFrames('holiday.mp4');
 * const { timestamps } = (await source.facts())!;
 * for await (const { timestamp, rgb } of source.read({ atMostPerSecond: 1 })) …
 * ```
 */
export async function openFrames(
  input: VideoInput,
  options: OpenFramesOptions = {},
): Promise<FrameSource> {
  const { framesPerSecond = 1 } = checkNames('openFrames', options, ['framesPerSecond']);
  if (!(framesPerSecond > 0 && Number.isFinite(framesPerSecond))) {
    throw new InvalidArgumentError('framesPerSecond', `${framesPerSecond} is not above 0`);
  }
  if (typeof input === 'string') return openPath(input, framesPerSecond);
  if (Array.isArray(input) && input.length > 0 && input.every((each) => typeof each === 'string')) {
    for (const path of input) await facts(path);
    const files = input.map((path) => ({ path }));
    return imageFiles(input.join(', '), files, 'images', 1);
  }
  if (typeof input === 'object' && input !== null) {
    if (isSource(input)) return input;
    if (isIterable(input)) return givenFrames(input);
  }
  throw new InvalidArgumentError(
    'source',
    'is neither a path, a list of images nor a source of frames',
  );
}

async function openPath(path: string, framesPerSecond: number): Promise<FrameSource> {
  if (/^[a-z]{2,}:\/\//i.test(path)) {
    throw new FrameSourceError(path, 'is an address; download it first, and name the file.');
  }
  const found = await facts(path);
  if (found.isDirectory()) {
    // What other systems hide beside a file, such as ._1.png, is named like it.
    const names = (await readdir(path)).filter(
      (name) => (imageFile.test(name) || otherImageFile.test(name)) && name[0] !== '.',
    );
    if (names.length === 0) {
      throw new FrameSourceError(path, 'holds no image (png, jpg, webp, gif, tiff, avif).');
    }
    const byNumber = new Intl.Collator('en', { numeric: true }).compare;
    const files = names.sort(byNumber).map((name) => ({ path: join(path, name) }));
    return imageFiles(path, files, 'video', framesPerSecond);
  }
  if (!found.isFile()) throw new FrameSourceError(path, 'is neither a file nor a folder.');
  if (found.size === 0) throw new FrameSourceError(path, 'is empty; fetch the file again.');
  if (!imageFile.test(basename(path))) return new VideoFile(path);
  const sharp = await loadSharp();
  try {
    if (await isAnimatedPng(path)) return new VideoFile(path);
    const { pages = 1, delay = [], format } = await sharp(path).metadata();
    const all = Array.from({ length: pages }, (_, i) => i);
    // The pages of a document are pictures of their own.
    if (pages > 1 && format === 'tiff')
      return imageFiles(
        path,
        all.map((page) => ({ path, page })),
        'images',
        1,
      );
    if (pages > 1)
      return animatedImage(
        path,
        all.map((page) => delay[page] ?? 0),
      );
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return imageFiles(path, [{ path }], 'images', 1);
}

async function facts(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw new FrameSourceError(path, 'does not exist, or cannot be opened.', { cause });
  }
}

const isSource = (input: object): input is FrameSource =>
  'read' in input && 'facts' in input && typeof input.read === 'function';

const isIterable = (input: object): input is Iterable<Frame> | AsyncIterable<Frame> =>
  Symbol.iterator in input || Symbol.asyncIterator in input;
