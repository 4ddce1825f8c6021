import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import * as z from '@namm/core/schema';
import { presentItems, readList } from './read-long-video-bench.js';
import type { VideoItem, VideoItems } from './video-item.js';

/** Tasks with options; the other two are answered in sentences and judged by another model. */
const tasks = [
  ...['1_plotQA', '2_needle', '3_ego', '4_count', '5_order', '6_anomaly_reco'],
  '7_topic_reasoning',
] as const;

const itemsOfFile = z.array(
  z.object({
    video: z.string(),
    duration: z.number().positive(),
    question: z.string(),
    candidates: z.array(z.string()).min(2).max(8),
    answer: z.string(),
  }),
);

/**
 * Reads the multiple-choice tasks of MLVU's development set: lists such as `1_plotQA.json` in the folder or its `json`,
 * videos in `video/1_plotQA` or `video/plotQA`. Tasks without a list are left out.
 *
 * @param folder with both
 * @returns the items whose videos exist; their kinds are the tasks, so that the mean over kinds is the set's M-Avg
 * @throws {FileFormatError} when there is no list, or one is invalid
 * @throws {InvalidArgumentError} when none of its videos is there
 */
export async function readMlvu(folder: string): Promise<VideoItems> {
  const all: VideoItem[] = [];
  for (const task of tasks) {
    const places = [join(folder, 'json'), folder].map((place) => join(place, `${task}.json`));
    const file = places.find((place) => existsSync(place));
    if (file === undefined) continue;
    const kind = task.slice(task.indexOf('_') + 1);
    for (const [i, item] of (await readList(file, itemsOfFile)).entries()) {
      const answer = item.candidates.indexOf(item.answer);
      if (answer < 0) {
        throw new FileFormatError(file, `item ${i}: '${item.answer}' is none of its candidates`);
      }
      const videos = [task, kind].map((name) => join(folder, 'video', name, item.video));
      all.push({
        ...{ id: `${task}/${i}`, kind, duration: item.duration, answer },
        ...{ question: item.question, options: item.candidates, unreadable: 'wrong' },
        file: videos.find((video) => existsSync(video)) ?? videos[0]!,
      });
    }
  }
  if (all.length > 0) return presentItems(folder, all);
  const problem = `holds none of ${tasks.map((task) => `${task}.json`).join(', ')}`;
  throw new FileFormatError(folder, `${problem}, nor does its folder json; nor lvb_val.json`);
}
