import { checkNames, InvalidArgumentError, NammError, noneOf } from '@namm/core';
import { isWhole } from './is-whole.js';
import { compactText, englishWords } from './normalise-answer.js';
import {
  asciiDigits,
  blankOut,
  mostDigits,
  numberFrom,
  pythonInt,
  splitWords,
  strip,
} from './python-text.js';
import { allQuirks, type Quirk } from './quirks.js';
import { rougeLSum } from './rouge-l-sum.js';
import { tokenF1 } from './token-f1.js';

/** The official program would have thrown an exception here. */
export class OfficialScorerError extends NammError {
  constructor(task: string, problem: string) {
    super('OFFICIAL_SCORER', `${task}: the official scorer ends with an error: ${problem}`);
  }
}

/**
 * A reference of InfiniteBench: as it stands in the file, with the letter behind the text where there are choices. For
 * math_find a number may be given as it is written, `'50.0'`: the official scorer ends with an error at a decimal answer
 * to 50, and not to 50.0, which JSON itself does not tell apart.
 */
export type InfiniteBenchLabel = string | number | readonly (string | number | readonly number[])[];

/** How it is scored. */
export interface InfiniteBenchScoring {
  /** @defaultValue all: the official score */
  readonly quirks?: ReadonlySet<Quirk>;
  /** The name `gpt4` drops the first number of a math_calc answer, as the official program does. */
  readonly modelName?: string;
}

type Score = (
  prediction: string,
  label: InfiniteBenchLabel,
  context: { readonly quirks: ReadonlySet<Quirk>; readonly modelName?: string },
) => number | boolean;

const separators = ['\n', ':', '"', "'", '.', ',', '?', '!', '{', '}'];
const first = (label: InfiniteBenchLabel) => (Array.isArray(label) ? label[0] : label);
const textsOf = (label: InfiniteBenchLabel, quirks: ReadonlySet<Quirk>): string[] => {
  if (Array.isArray(label)) return label.map(String);
  return quirks.has('letters-of-label') ? [...String(label)] : [String(label)];
};
/** Numbers with sign and decimals; thousands may be set off by commas. */
const numbersIn = (text: string) =>
  (text.match(/(?<![\p{L}\p{N}])-?\d[\d,]*(?:\.\d+)?/gu) ?? []).map((number) =>
    Number(number.replaceAll(',', '')),
  );

const digits: Score = (prediction, label, { quirks }) => {
  const wanted = String(first(label));
  if (quirks.has('numbers-as-text')) {
    const found = prediction.match(/[0-9]+/)?.[0] ?? '';
    return typeof first(label) === 'string' && found === wanted;
  }
  // Leading zeros belong to a string of digits.
  return (
    prediction
      .replace(/(?<=\d),(?=\d{3})/g, '')
      .match(/\d+/g)
      ?.includes(wanted) ?? false
  );
};

const kvRetrieval: Score = (prediction, label, { quirks }) => {
  if (!quirks.has('few-separators')) return isWhole(prediction, String(first(label)));
  // A list is none of the words, whatever it holds.
  return splitWords(blankOut(prediction, separators)).some((word) => word === label);
};

const codeRun: Score = (prediction, label, { quirks }) => {
  const wanted = first(label);
  if (!quirks.has('last-word')) return numbersIn(prediction).at(-1) === Number(wanted);
  const words = splitWords(blankOut(strip(prediction), ['\n', '.', '`', "'", '"', ':']));
  return words.length > 0 && pythonInt(words.at(-1)!) === wanted;
};

/** The letter that an answer chooses: behind `answer` or `option`, alone, or by the words of an option. */
function chosenLetter(prediction: string): string | null {
  const text = prediction.normalize('NFKC');
  const said = /\b(?:answer|option)\b(?:\s+is)?\s*:?\s*[*("'`]*([A-D])(?![\p{L}\p{N}])/iu.exec(
    text,
  );
  return (
    (said ?? /(?<![\p{L}\p{N}])([A-D])(?![\p{L}\p{N}'])/u.exec(text))?.[1]?.toUpperCase() ?? null
  );
}

const strictChoice = (prediction: string, label: InfiniteBenchLabel) => {
  const [text, letter] = label as readonly string[];
  const chosen = chosenLetter(prediction);
  return chosen === null ? isWhole(prediction, text!) : chosen === letter;
};

const codeDebug: Score = (prediction, label, { quirks }) => {
  if (!quirks.has('first-letter')) return strictChoice(prediction, label);
  const [name, letter] = label as readonly string[];
  let text = strip(prediction);
  if (text.startsWith(`${letter}.`) || text.startsWith(`${letter}:`)) return true;
  const signs = ['\n', '`', "'", '"', '-', '*', 'Option', 'option'];
  text = blankOut(text, signs).replace(/ {2,}/g, ' ');
  return (
    afterPrefix(text, ['answer is:', 'is:', 'answer:', 'correct option is:'], [letter!, name!]) ===
    true
  );
};

/** Whether one of the words comes behind the first of the phrases that is there; null when none is. */
function afterPrefix(
  text: string,
  phrases: readonly string[],
  wanted: readonly string[],
): boolean | null {
  for (const phrase of phrases) {
    const at = text.indexOf(phrase);
    if (at === -1) continue;
    const rest = text.slice(at + phrase.length + 1);
    return rest !== '' && wanted.some((word) => rest.startsWith(word));
  }
  return null;
}

const choice: Score = (prediction, label, { quirks }) => {
  if (!quirks.has('first-letter')) return strictChoice(prediction, label);
  const right = textsOf(label, quirks);
  let text = strip(prediction);
  if (text === '') return false;
  if ('ABCD'.includes(text[0]!)) return right.includes(text[0]!);
  if (right.includes(text)) return true;
  const signs = ['\n', '"', "'", '.', ',', '?', '!', '{', '}'];
  text = blankOut(text, signs).replace(/ {2,}/g, ' ');
  const said = afterPrefix(text, ['answer is:', 'answer:', 'answer is', 'option is'], right);
  if (said !== null) return said;
  const word = splitWords(text).find((each) => 'ABCD'.includes(each));
  return word !== undefined && right.includes(word);
};

const mathFind: Score = (prediction, label, { quirks }) => {
  const written = String(first(label));
  const wanted = written.trim() === '' ? Number.NaN : Number(written);
  if (Number.isNaN(wanted)) {
    throw new OfficialScorerError(
      'math_find',
      `the label ${JSON.stringify(label)} is not a number`,
    );
  }
  if (!quirks.has('number-raises')) return numbersIn(prediction)[0] === wanted;
  const found = prediction.match(/\p{Nd}+\.\p{Nd}+|\p{Nd}+/u)?.[0];
  if (found === undefined) return false;
  if (!/^-?\d+$/.test(written)) return numberFrom(found) === wanted;
  if (found.includes('.')) {
    throw new OfficialScorerError('math_find', `${found} is not an integer`);
  }
  checkDigits('math_find', found);
  return BigInt(asciiDigits(found)) === BigInt(written);
};

/** @throws {OfficialScorerError} for more digits than `int()` takes */
function checkDigits(task: string, digits: string): void {
  if (digits.length <= mostDigits) return;
  throw new OfficialScorerError(task, `Python reads no number of ${digits.length} digits`);
}

const mathCalc: Score = (prediction, label, { quirks, modelName }) => {
  if (!Array.isArray(label)) {
    const problem = `the label ${JSON.stringify(label)} is not a list`;
    throw new OfficialScorerError('math_calc', problem);
  }
  const whole = label as readonly (number | readonly number[])[];
  const wanted = (Array.isArray(whole[0]) ? whole[0] : whole) as readonly number[];
  const isOfficial = quirks.has('unsigned-prefix');
  const runs = isOfficial ? (prediction.match(/[0-9]+/g) ?? []) : [];
  for (const run of runs) checkDigits('math_calc', run);
  let numbers = isOfficial ? runs.map(Number) : numbersIn(prediction);
  if (modelName === 'gpt4') numbers = numbers.slice(1);
  const wrong = wanted.findIndex((value, i) => value !== numbers[i]);
  const right = wrong === -1 ? wanted.length : wrong;
  return right / (isOfficial ? wanted.length : Math.max(wanted.length, numbers.length));
};

const dialogue: Score = (prediction, label, { quirks }) => {
  if (!quirks.has('few-separators')) {
    return textsOf(label, noLetters).some((name) => isWhole(prediction, name));
  }
  const words = splitWords(blankOut(strip(prediction), separators));
  return words.some((word) => word.toUpperCase() === textsOf(label, quirks)[0]);
};
const noLetters: ReadonlySet<Quirk> = new Set();

const bestF1 =
  (tokens: (text: string, quirks: ReadonlySet<Quirk>) => string[]): Score =>
  (prediction, label, { quirks }) =>
    textsOf(label, quirks).reduce(
      (best, answer) => Math.max(best, tokenF1(tokens(prediction, quirks), tokens(answer, quirks))),
      0,
    );

const summary: Score = (prediction, label) =>
  Math.max(...textsOf(label, noLetters).map((answer) => rougeLSum(prediction, answer)));

const scores: Readonly<Record<string, Score>> = {
  passkey: digits,
  number_string: digits,
  kv_retrieval: kvRetrieval,
  longbook_sum_eng: summary,
  longbook_choice_eng: choice,
  longbook_qa_eng: bestF1(englishWords),
  longbook_qa_chn: bestF1((text, quirks) => [...compactText(text, quirks)]),
  longdialogue_qa_eng: dialogue,
  math_find: mathFind,
  math_calc: mathCalc,
  code_run: codeRun,
  code_debug: codeDebug,
};

/**
 * Scores an answer to a task of InfiniteBench, 0 to 1.
 *
 * @param task such as `passkey`
 * @throws {OfficialScorerError} where the official program would end with an exception
 * @throws {InvalidArgumentError} for an unknown task
 * @example
 * ```ts
 * scoreInfiniteBench('passkey', 'In part 2: 71432', '71432'); // 0: the first number counts
 * scoreInfiniteBench('passkey', 'In part 2: 71432', '71432', { quirks: noQuirks }); // 1
 * ```
 */
export function scoreInfiniteBench(
  task: string,
  prediction: string,
  label: InfiniteBenchLabel,
  options: InfiniteBenchScoring = {},
): number {
  const known = ['quirks', 'modelName'] as const;
  const { quirks = allQuirks, modelName } = checkNames('scoreInfiniteBench', options, known);
  const score = scores[task];
  if (score === undefined) {
    const tasks = Object.keys(scores);
    throw new InvalidArgumentError('task', noneOf(task, tasks));
  }
  return Number(
    score(prediction, label, { quirks, ...(modelName !== undefined && { modelName }) }),
  );
}
