import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLongVideoBench } from './read-long-video-bench.js';
import { readMlvu } from './read-mlvu.js';
import type { VideoItems } from './video-item.js';

/**
 * Reads a published set of videos: LongVideoBench where the folder has its `lvb_val.json`, else MLVU.
 *
 * @throws as {@link readLongVideoBench} and {@link readMlvu} do
 */
export function readVideoSet(folder: string): Promise<VideoItems> {
  const isLongVideoBench = existsSync(join(folder, 'lvb_val.json'));
  return isLongVideoBench ? readLongVideoBench(folder) : readMlvu(folder);
}
