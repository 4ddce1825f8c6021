import { checkNames, FileFormatError, InvalidArgumentError, noneOf } from '@namm/core';
import * as z from '@namm/core/schema';
import { type InfiniteBenchLabel, scoreInfiniteBench } from '../scores/score-infinitebench.js';
import { repositoryFile } from './benchmark-repository.js';
import { dataFiles } from './data-files.js';
import { filesOfTask } from './files-of-task.js';
import { formatPrompt, questionOf } from './format-prompt.js';
import type { PublicItem, PublicTask } from './public-task.js';
import { type PythonLiteral, pythonLiterals } from './python-literals.js';
import type { ReadBenchmarkOptions } from './read-longbench.js';
import { readRows } from './read-rows.js';
import { textNames } from './text-names.js';

/** Tasks, the most tokens of an answer, and their family. */
const taskFacts: Readonly<Record<string, readonly [maxNewTokens: number, family: string]>> = {
  passkey: [6, 'retrieval'],
  number_string: [12, 'retrieval'],
  kv_retrieval: [50, 'retrieval'],
  longbook_sum_eng: [1200, 'books'],
  longbook_choice_eng: [40, 'books'],
  longbook_qa_eng: [40, 'books'],
  longbook_qa_chn: [40, 'books'],
  longdialogue_qa_eng: [40, 'dialogue'],
  math_find: [3, 'mathematics'],
  math_calc: [30_000, 'mathematics'],
  code_run: [5, 'code'],
  code_debug: [5, 'code'],
};

const scalar = z.union([z.string(), z.number()]);
const row = z
  .object({
    id: scalar.nullish(),
    context: z.string().nullish(),
    content: z.string().nullish(),
    input: z
      .string()
      .nullish()
      .transform((input) => input ?? ''),
    answer: z.union([scalar, z.array(z.union([scalar, z.array(z.number())])).min(1, 'is empty')]),
    options: z.array(z.string()).nullish(),
  })
  .transform(({ content, ...rest }) => ({ ...rest, context: rest.context ?? content }))
  .refine(({ context }) => Boolean(context), {
    path: ['context'],
    message: 'is missing',
  });
type Row = z.infer<typeof row>;

/** Options of {@link readInfiniteBench}. */
export interface ReadInfiniteBenchOptions extends ReadBenchmarkOptions {
  /**
   * Name of a model: the official file has a set of templates for each.
   * @defaultValue 'yarn_mistral', the one for base models
   */
  readonly templates?: string;
}

/**
 * Reads InfiniteBench: `<task>.jsonl`, with the templates in `src/prompt.py` and `src/eval_utils.py` of its repository, which are read and not run.
 *
 * @throws {FileFormatError} for files that are missing or cannot be read; bad rows are in `problems`
 * @throws {InvalidArgumentError} for an unknown task or set of templates
 */
export async function readInfiniteBench(options: ReadInfiniteBenchOptions): Promise<PublicTask[]> {
  const {
    data,
    repository,
    tasks,
    limit,
    templates = 'yarn_mistral',
  } = checkNames('readInfiniteBench', options, [
    'data',
    'repository',
    'tasks',
    'limit',
    'templates',
  ]);
  const { path, text } = await repositoryFile(repository, ['src/prompt.py', 'prompt.py']);
  const literals = pythonLiterals(text, path);
  const prompts = literals.get(`${templates}_templates`)?.[0];
  if (prompts === undefined || typeof prompts !== 'object') {
    const known = [...literals.keys()].filter((name) => name.endsWith('_templates'));
    const names = known.map((name) => name.replace(/_templates$/, '')).join(', ');
    throw new InvalidArgumentError('templates', `'${templates}' is none of ${names} in ${path}`);
  }
  const program = await repositoryFile(repository, ['src/eval_utils.py', 'eval_utils.py']);
  const prefix = pythonLiterals(program.text, program.path).get('prefix')?.[0];
  const files = await dataFiles(data);
  const present = Object.keys(taskFacts).filter((name) => filesOfTask(files, name).length > 0);
  const names = tasks ?? present;
  if (names.length === 0) {
    throw new FileFormatError(data, `holds none of ${Object.keys(taskFacts).join(', ')}`);
  }
  const read: PublicTask[] = [];
  for (const name of names) {
    const facts = taskFacts[name];
    if (facts === undefined) {
      const problem = noneOf(name, Object.keys(taskFacts));
      throw new InvalidArgumentError('tasks', problem);
    }
    const own = filesOfTask(files, name);
    if (own.length === 0) throw new FileFormatError(data, `holds no ${name}.jsonl`);
    const template = prompts[name];
    if (typeof template !== 'string') throw new FileFormatError(path, `has no prompt for ${name}`);
    const { rows, problems } = await readRows(own, row, limit);
    const items: PublicItem[] = [];
    const nameOf = textNames();
    const bad = [...problems];
    for (const { id, file, row: number, value, text: written } of rows) {
      try {
        const fields = fieldsOf(name, value, prefix, program.path);
        const label = labelOf(name, value, written);
        items.push({
          id,
          text: nameOf(value.context!, id),
          prompt: formatPrompt(template, fields, path),
          question: questionOf(template, fields, path),
          ...{ answerPrefix: '', groups: {} },
          score: (prediction, quirks) => scoreInfiniteBench(name, prediction, label, { quirks }),
        });
      } catch (error) {
        if (!(error instanceof FieldProblem)) throw error;
        const { field, message: problem } = error;
        bad.push({ file, row: number, field, problem });
      }
    }
    read.push({
      ...{ benchmark: 'InfiniteBench', name, family: facts[1], maxNewTokens: facts[0] },
      ...{ usesChatTemplate: false, firstLineOnly: false, items, problems: bad },
    });
  }
  return read;
}

class FieldProblem extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function fieldsOf(
  task: string,
  { context, input, options }: Row,
  findPrefix: PythonLiteral | undefined,
  program: string,
): Record<string, string> {
  const fields: Record<string, string> = { context: context!, input, question: input };
  if (task === 'code_run') {
    const call = /func_[0-9]+\(-?[0-9]+\)/.exec(input)?.[0];
    if (call === undefined) throw new FieldProblem('input', 'names no call of a function');
    fields.func_call = call;
    fields.func = call.split('(')[0]!;
  }
  if (task === 'math_find') {
    const target = /The .+ of/.exec(input)?.[0];
    if (target === undefined) throw new FieldProblem('input', 'names no number to find');
    if (typeof findPrefix !== 'string') {
      throw new FileFormatError(program, 'has no prefix for the prompt of math_find');
    }
    const number = target.toLowerCase().slice(0, -' of'.length);
    fields.prefix = formatPrompt(findPrefix, { target_number: number }, program);
  }
  if (task === 'code_debug' || task === 'longbook_choice_eng') {
    if (options?.length !== 4) throw new FieldProblem('options', 'are not four');
    for (const [i, letter] of [...'ABCD'].entries()) fields[`OPTION_${letter}`] = options[i]!;
  }
  return fields;
}

function labelOf(task: string, { answer, options }: Row, written: string): InfiniteBenchLabel {
  if (task === 'code_debug' || task === 'longbook_choice_eng') {
    const given = Array.isArray(answer) ? answer : [answer];
    const letter = given[1] ?? 'ABCD'[options?.indexOf(String(given[0])) ?? -1];
    if (typeof letter === 'string' && 'ABCD'.includes(letter)) return [String(given[0]), letter];
    throw new FieldProblem('answer', 'is none of the options');
  }
  if (task === 'math_find') {
    // As it is written: 50 and 50.0 are scored differently.
    const number = /"answer"\s*:\s*\[?\s*(-?[\d.]+(?:[eE][+-]?\d+)?)/.exec(written)?.[1];
    const given = Array.isArray(answer) ? answer[0] : answer;
    numberOf(given);
    return number ?? (given as string | number);
  }
  // As the repository's own answers have them; rows from the hub may hold texts and lists where these hold none.
  const only = Array.isArray(answer) && answer.length === 1 ? answer[0]! : answer;
  if (['passkey', 'number_string', 'kv_retrieval'].includes(task)) {
    return typeof only === 'number' ? String(only) : only;
  }
  if (task === 'code_run') return numberOf(only);
  if (task === 'math_calc') {
    if (!Array.isArray(answer)) throw new FieldProblem('answer', 'is not a list');
    return answer.map((each) => (Array.isArray(each) ? each : numberOf(each)));
  }
  return answer;
}

/** @throws {FieldProblem} for what is not a number, nor one as text */
function numberOf(given: unknown): number {
  const isText = typeof given === 'string' && given.trim() !== '';
  if (typeof given === 'number' || (isText && Number.isFinite(Number(given)))) return Number(given);
  throw new FieldProblem('answer', `${JSON.stringify(given)} is not a number`);
}
