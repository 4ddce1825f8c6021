import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, describeIssue, FileFormatError, InvalidArgumentError } from '@namm/core';
import * as z from '@namm/core/schema';
import type { VideoItem, VideoItems } from './video-item.js';

const itemsOfFile = z.array(
  z.object({
    id: z.string(),
    video_path: z.string(),
    question: z.string(),
    candidates: z.array(z.string()).min(2).max(8),
    correct_choice: z.number().int().nonnegative(),
    duration: z.number().positive(),
    question_category: z.string(),
  }),
);

/**
 * Reads LongVideoBench: `lvb_val.json` and `videos/` in a folder, as published. Subtitles are not read. The test split
 * has no answers and is refused.
 *
 * @param folder with both
 * @returns the items whose videos exist; their kinds are the question categories
 * @throws {FileFormatError} when the list is missing or invalid
 * @throws {InvalidArgumentError} when none of its videos is there
 */
export async function readLongVideoBench(folder: string): Promise<VideoItems> {
  const file = join(folder, 'lvb_val.json');
  const parsed = await readList(file, itemsOfFile);
  const all = parsed.map((item): VideoItem => {
    if (item.correct_choice >= item.candidates.length) {
      const problem = `${item.id} has ${item.candidates.length} candidates, and the right one is number ${item.correct_choice}`;
      throw new FileFormatError(file, problem);
    }
    return {
      ...{ id: item.id, kind: item.question_category, duration: item.duration },
      ...{ question: item.question, options: item.candidates, answer: item.correct_choice },
      ...{ file: join(folder, 'videos', item.video_path), unreadable: 'drawn' },
    };
  });
  return presentItems(folder, all);
}

/**
 * The frames that LongVideoBench shows: one per second, but at most `most`, at equal distances from the first.
 *
 * @param frames that the video has
 * @param duration seconds
 * @param most frames
 * @returns their numbers, ascending
 * @throws {InvalidArgumentError} when a number is out of range
 */
export function longVideoBenchFrames(frames: number, duration: number, most: number): number[] {
  checkInteger('frames', frames, 1);
  checkInteger('most', most, 1);
  const count = Math.max(1, Math.min(most, Math.floor(duration)));
  const numbers = Array.from({ length: count }, (_, i) => Math.floor((frames / count) * i));
  return [...new Set(numbers)];
}

/** Reads a list of items in JSON. */
export async function readList<T>(file: string, form: z.ZodType<T>): Promise<T> {
  try {
    return form.parse(JSON.parse(await readFile(file, 'utf8')), { error: describeIssue });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new FileFormatError(file, 'is missing; name the folder that holds it', { cause });
    }
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'it is not JSON';
    throw new FileFormatError(file, `is not a list of questions: ${where}`, { cause });
  }
}

/** Divides items by whether their videos are there. */
export function presentItems(folder: string, all: readonly VideoItem[]): VideoItems {
  const items = all.filter(({ file }) => existsSync(file));
  const missing = all.filter((item) => !items.includes(item)).map(({ file }) => file);
  if (items.length > 0) return { items, missing };
  const problem = `none of its ${all.length} videos is there, such as ${all[0]?.file}; unpack them first`;
  throw new InvalidArgumentError('folder', `${folder}: ${problem}`);
}
