import { checkNames, FileFormatError } from '@namm/core';
import * as z from '@namm/core/schema';
import { scoreLongBenchV2 } from '../scores/score-longbench-v2.js';
import { repositoryFile } from './benchmark-repository.js';
import { dataFiles } from './data-files.js';
import { filesOfTask } from './files-of-task.js';
import type { PublicTask } from './public-task.js';
import type { ReadBenchmarkOptions } from './read-longbench.js';
import { readRows } from './read-rows.js';
import { textNames } from './text-names.js';

const row = z.object({
  _id: z.string(),
  domain: z.string(),
  difficulty: z.enum(['easy', 'hard']),
  length: z.enum(['short', 'medium', 'long']),
  question: z.string(),
  choice_A: z.string(),
  choice_B: z.string(),
  choice_C: z.string(),
  choice_D: z.string(),
  answer: z.enum(['A', 'B', 'C', 'D']),
  context: z.string(),
});

/**
 * Reads LongBench v2: `data.json`, with its prompt in `prompts/0shot.txt` of its repository.
 *
 * @throws {FileFormatError} for files that are missing or cannot be read; bad rows are in `problems`
 */
export async function readLongBenchV2(
  options: Omit<ReadBenchmarkOptions, 'tasks'>,
): Promise<PublicTask[]> {
  const { data, repository, limit } = checkNames('readLongBenchV2', options, [
    ...(['data', 'repository', 'limit'] as const),
  ]);
  const prompt = await repositoryFile(repository, ['prompts/0shot.txt', '0shot.txt']);
  const files = await dataFiles(data);
  const mark = '$DOC$';
  const at = prompt.text.lastIndexOf(mark);
  const behind = at < 0 ? '' : prompt.text.slice(at + mark.length);
  const named = filesOfTask(files, 'data');
  const own = named.length > 0 || files.length > 1 ? named : files;
  if (own.length === 0) throw new FileFormatError(data, 'holds no data.json');
  const { rows, problems } = await readRows(own, row, limit);
  const ids = new Map(rows.map(({ value, id }) => [value._id, id]).reverse() as [string, string][]);
  const bad = [...problems];
  const nameOf = textNames();
  const items = rows.flatMap(({ value, id, file, row: number }) => {
    if (ids.get(value._id) !== id) {
      bad.push({ file, row: number, field: '_id', problem: 'has come before' });
      return [];
    }
    const fields: Record<string, string> = {
      ...{ [mark]: value.context, $Q$: value.question, $C_A$: value.choice_A },
      ...{ $C_B$: value.choice_B, $C_C$: value.choice_C, $C_D$: value.choice_D },
    };
    // One after the other, as the official program does: a text may hold the next mark.
    const filledIn = (template: string) =>
      Object.entries(fields).reduce(
        (text, [mark, by]) => text.replaceAll(mark, () => by.trim()),
        template,
      );
    const item = {
      ...{
        question: filledIn(behind),
        id: value._id,
        text: nameOf(value.context, value._id),
        prompt: filledIn(prompt.text),
        answerPrefix: '',
      },
      groups: { difficulty: value.difficulty, length: value.length },
      score: (prediction: string, quirks: Parameters<typeof scoreLongBenchV2>[2]) =>
        scoreLongBenchV2(prediction, value.answer, quirks),
    };
    return [item];
  });
  return [
    {
      ...{ benchmark: 'LongBench v2', name: 'longbench_v2', family: 'choices' },
      ...{ maxNewTokens: 128, usesChatTemplate: true, firstLineOnly: false, items, problems: bad },
    },
  ];
}
