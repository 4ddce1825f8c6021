import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { readLongVideoBench } from './read-long-video-bench.js';
import { readMlvu } from './read-mlvu.js';
import type { VideoItems } from './video-item.js';

/**
 * Reads a published set of videos: LongVideoBench if the folder contains its `lvb_val.json`, otherwise MLVU.
 *
 * @throws {InvalidArgumentError} when there is no such folder
 * @throws as {@link readLongVideoBench} and {@link readMlvu} do
 */
export async function readVideoSet(folder: string): Promise<VideoItems> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError('set', `${folder} is not a folder`);
  }
  const isLongVideoBench = existsSync(join(folder, 'lvb_val.json'));
  return isLongVideoBench ? readLongVideoBench(folder) : readMlvu(folder);
}
