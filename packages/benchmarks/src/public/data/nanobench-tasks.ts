import { generateSample } from '../../generate-sample.js';
import { taskFamilies } from '../../task-families.js';
import { nanobenchFiller } from '../../texts/nanobench-filler.js';
import { toPrompt } from '../../to-prompt.js';
import type { PublicTask } from './public-task.js';

/** Options of {@link nanobenchTasks}. */
interface NanobenchTasksRecord {
  /** Tokens of a text. */
  readonly length: number;
  /** Texts of each family; each asks several questions. */
  readonly samples: number;
  readonly seed: number;
  readonly tasks?: readonly string[];
  readonly countTokens: (text: string) => number;
}

/**
 * The families of NanoBench as tasks with free answers: an answer is right if it begins with the expected one. The
 * questions about a text share its beginning, so that it is read once for all of them.
 */
export function nanobenchTasks(options: NanobenchTasksRecord): PublicTask[] {
  const { length, samples, seed, tasks, countTokens } = options;
  const filler = nanobenchFiller();
  const families = taskFamilies.filter(({ name }) => tasks?.includes(name) ?? true);
  return families.map((family) => {
    let maxNewTokens = 1;
    const items = Array.from({ length: samples }, (_, index) => {
      const common = { split: 'test', seed, index, filler, countTokens } as const;
      const { context, questions } = toPrompt(generateSample({ family, length, ...common }));
      return questions.map(({ text, answer }, i) => {
        maxNewTokens = Math.max(maxNewTokens, countTokens(answer) + 2);
        return {
          ...{
            id: `${index}.${i}`,
            text: String(index),
            prompt: context + text,
            question: text,
            answerPrefix: '',
            groups: {},
          },
          score: (prediction: string) => Number(isBeginning(prediction.trimStart(), answer.trim())),
        };
      });
    }).flat();
    return {
      ...{ benchmark: 'NanoBench', name: `${family.name} ${length}`, family: family.name },
      ...{ maxNewTokens, usesChatTemplate: false, firstLineOnly: false, items, problems: [] },
    };
  });
}

/** Whole words only: `lamp` is no beginning of `lamps`. */
function isBeginning(text: string, wanted: string): boolean {
  return text.startsWith(wanted) && !/^[\p{L}\p{N}]/u.test(text.slice(wanted.length));
}
