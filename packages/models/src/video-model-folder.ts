import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, noneOf } from '@namm/core';

/** Names of the video language models in this package. */
export const videoModelNames = ['nano-video'] as const;

export type VideoModelName = (typeof videoModelNames)[number];

/**
 * The folder of a bundled video language model, in Hugging Face layout; its `README.md` is the card.
 *
 * @throws {InvalidArgumentError} when there is none of that name
 *
 * @example
 * ```ts
 * const model = await VideoModel.load(videoModelFolder('nano-video'));
 * ```
 */
export function videoModelFolder(name: VideoModelName): string {
  if (!videoModelNames.includes(name)) {
    throw new InvalidArgumentError('name', noneOf(name, videoModelNames));
  }
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
