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
import { imageFile, unreadable } from './read-image.js';
import { VideoFile } from './video-file.js';

/**
 * Where a video comes from: the path of a video file, of an animated GIF or WebP, of an image, or of a folder whose images
 * are the frames; a list of paths of images, which are pictures side by side; frames of the caller's own; or a source that
 * is open.
 */
export type VideoInput =
  | string
  | readonly string[]
  | Iterable<Frame>
  | AsyncIterable<Frame>
  | FrameSource;

export interface OpenFramesOptions {
  /** Frames that a second of a folder of images has. @defaultValue 1 */
  readonly framesPerSecond?: number;
}

/**
 * Opens a source of frames; none is read yet.
 *
 * @param input where the video comes from
 * @param options how fast the images of a folder follow one another
 * @throws {FrameSourceError} when there is no such file, or a folder without images
 * @throws {InvalidArgumentError} when it is nothing of that
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
    return imageFiles(input.join(', '), input, 'images', 1);
  }
  if (typeof input === 'object' && input !== null) {
    if (isSource(input)) return input;
    if (isIterable(input)) return givenFrames(input);
  }
  throw new InvalidArgumentError('source', 'is not a path, no list of images, and gives no frames');
}

async function openPath(path: string, framesPerSecond: number): Promise<FrameSource> {
  const found = await facts(path);
  if (found.isDirectory()) {
    const names = (await readdir(path)).filter((name) => imageFile.test(name));
    if (names.length === 0) {
      throw new FrameSourceError(path, 'holds no image (png, jpg, webp, gif, tiff, avif).');
    }
    const byNumber = new Intl.Collator('en', { numeric: true }).compare;
    const files = names.sort(byNumber).map((name) => join(path, name));
    return imageFiles(path, files, 'video', framesPerSecond);
  }
  if (!found.isFile()) throw new FrameSourceError(path, 'is neither a file nor a folder.');
  if (found.size === 0) throw new FrameSourceError(path, 'is empty; fetch the file again.');
  if (!imageFile.test(basename(path))) return new VideoFile(path);
  const sharp = await loadSharp();
  try {
    const { pages = 1, delay = [] } = await sharp(path).metadata();
    if (pages > 1)
      return animatedImage(
        path,
        Array.from({ length: pages }, (_, i) => delay[i] ?? 0),
      );
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return imageFiles(path, [path], 'images', 1);
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
