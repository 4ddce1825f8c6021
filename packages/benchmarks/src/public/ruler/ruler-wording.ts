import { FileFormatError } from '@namm/core';
import { repositoryFile } from '../data/benchmark-repository.js';
import { type PythonLiteral, pythonLiterals } from '../data/python-literals.js';
import type { RulerTask } from './ruler-tasks.js';

/** The words around what a task hides; fields stand in braces. */
export interface RulerWording {
  /** As a result names it. */
  readonly name: string;
  /** Per kind of task its prompt, and what the answer begins with. */
  readonly prompts: Readonly<
    Record<RulerTask['kind'], { readonly template: string; readonly answerPrefix: string }>
  >;
  /** A needle, with `{type_needle_v}`, `{key}` and `{value}`. */
  readonly needle: string;
  /** Sentences that say nothing. */
  readonly noise: string;
  /** A document of a question, with `{i}` and `{document}`. */
  readonly document: string;
  /** What turns a prompt for several values into one for one: texts and what they become, in order. */
  readonly singular: readonly (readonly [from: string, to: string])[];
}

/**
 * Our own wording, for use without a copy of RULER. The tasks are the same, but wording affects scores, so results
 * cannot be compared with published ones.
 */
export const plainWording: RulerWording = {
  name: 'plain',
  prompts: {
    niah: {
      template:
        'Here is a text in which secret {type_needle_v} are hidden. Keep them in mind.\n{context}\nWhich secret {type_needle_v} does the text give for {query}?',
      answerPrefix: ' For {query} the text gives these secret {type_needle_v}:',
    },
    vt: {
      template:
        'In this text variables get values, some of them from other variables.\n\n{context}\nQuestion: which variables have the value {query} in the end?',
      answerPrefix: ' Answer: the {num_v} variables with the value {query} are',
    },
    cwe: {
      template:
        'This is a numbered list of words. Some stand in it more often than others.\n{context}\nQuestion: which 10 words stand in the list most often?',
      answerPrefix: ' Answer: the 10 words that stand in it most often are:',
    },
    fwe: {
      template:
        'This is a text of invented words. {context}\nQuestion: leave the dots aside; which three words come most often?',
      answerPrefix: ' Answer: the three words that come most often are:',
    },
    qa: {
      template:
        'Use these documents to answer a question. Write the answer and nothing else.\n\n{context}\n\nQuestion: {query}',
      answerPrefix: ' Answer:',
    },
  },
  needle: 'The secret {type_needle_v} for {key} is {value}.',
  noise: 'Rain falls on the hills. The river runs to the sea. Birds fly home. Day follows night.',
  document: 'Document {i}:\n{document}',
  singular: [
    ['secret {type_needle_v} are', 'a secret {type_needle_v} is'],
    ['Keep them', 'Keep it'],
    ['these secret', 'this secret'],
  ],
};

const kindsInConstants: Readonly<Record<RulerTask['kind'], string>> = {
  ...{ niah: 'niah', vt: 'variable_tracking', cwe: 'common_words_extraction' },
  ...{ fwe: 'freq_words_extraction', qa: 'qa' },
};

/**
 * RULER's own wording, from a copy of its repository: `constants.py`, `niah.py` and `qa.py` are read, and not run.
 *
 * @throws {FileFormatError} when a file or a text in it is missing
 */
export async function readRulerWording(repository: string): Promise<RulerWording> {
  const literalsOf = async (name: string) => {
    const places = [`scripts/data/synthetic/${name}`, `synthetic/${name}`, name];
    const { path, text } = await repositoryFile(repository, places);
    return { path, literals: pythonLiterals(text, path) };
  };
  const constants = await literalsOf('constants.py');
  const niah = await literalsOf('niah.py');
  const qa = await literalsOf('qa.py');
  const textOf = ({ path, literals }: typeof niah, name: string): string => {
    const text = literals.get(name)?.find((each) => typeof each === 'string');
    if (typeof text === 'string') return text;
    throw new FileFormatError(path, `assigns no text to ${name}`);
  };
  const tasks = constants.literals.get('TASKS')?.[0];
  const promptOf = (kind: RulerTask['kind']) => {
    const entry = (tasks as Readonly<Record<string, PythonLiteral>> | undefined)?.[
      kindsInConstants[kind]
    ];
    const { template, answer_prefix: answerPrefix } = Object(entry) as Record<string, unknown>;
    if (typeof template === 'string' && typeof answerPrefix === 'string') {
      return { template, answerPrefix };
    }
    throw new FileFormatError(constants.path, `has no template for ${kindsInConstants[kind]}`);
  };
  return {
    name: 'RULER',
    prompts: {
      ...{ niah: promptOf('niah'), vt: promptOf('vt'), cwe: promptOf('cwe') },
      ...{ fwe: promptOf('fwe'), qa: promptOf('qa') },
    },
    needle: textOf(niah, 'needle'),
    noise: textOf(niah, 'haystack'),
    document: textOf(qa, 'DOCUMENT_PROMPT'),
    singular: [
      ...([
        ['Some', 'A'],
        ['are all', 'is'],
        ['are', 'is'],
        ['answers', 'answer'],
      ] as const),
    ],
  };
}
