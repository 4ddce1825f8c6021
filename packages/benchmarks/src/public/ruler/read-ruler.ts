import { checkNames, FileFormatError, InvalidArgumentError, noneOf } from '@namm/core';
import * as z from '@namm/core/schema';
import { dataFiles } from '../data/data-files.js';
import { filesOfTask } from '../data/files-of-task.js';
import type { PublicTask } from '../data/public-task.js';
import { readRows } from '../data/read-rows.js';
import { itemOf, taskOf } from './generate-ruler.js';
import { rulerTasks } from './ruler-tasks.js';

const row = z.object({
  index: z.number().optional(),
  input: z.string().min(1, 'is empty'),
  outputs: z.array(z.string()).min(1, 'is empty'),
  answer_prefix: z.string().default(''), // older versions leave it at the end of the input
});

/**
 * Reads tasks that RULER itself has made: `<task>/validation.jsonl`, anywhere below a folder.
 *
 * @throws {FileFormatError} when there is none, or one cannot be read; bad rows are in `problems`
 * @throws {InvalidArgumentError} for a task that is none
 */
export async function readRuler(options: {
  /** What RULER has written, such as `…/synthetic/4096/data`. */
  readonly data: string;
  readonly tasks?: readonly string[];
  readonly limit?: number;
}): Promise<PublicTask[]> {
  const { data, tasks, limit } = checkNames('readRuler', options, ['data', 'tasks', 'limit']);
  const files = await dataFiles(data);
  const isThere = (name: string) => filesOfTask(files, name).length > 0;
  const names = tasks ?? Object.keys(rulerTasks).filter(isThere);
  if (names.length === 0) {
    throw new FileFormatError(data, `holds none of ${Object.keys(rulerTasks).join(', ')}`);
  }
  return await Promise.all(
    names.map(async (name) => {
      const task = rulerTasks[name];
      if (task === undefined) {
        const problem = noneOf(name, Object.keys(rulerTasks));
        throw new InvalidArgumentError('tasks', problem);
      }
      const own = filesOfTask(files, name);
      if (own.length === 0) throw new FileFormatError(data, `holds no ${name}/validation.jsonl`);
      const { rows, problems } = await readRows(own, row, limit);
      const items = rows.map(({ id, value }) => {
        const { input, outputs, answer_prefix: answerPrefix } = value;
        return itemOf(task, id, { input, outputs, answerPrefix });
      });
      return taskOf(name, task, items, problems);
    }),
  );
}
